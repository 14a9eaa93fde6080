<?php

declare(strict_types=1);

namespace Skein\Chat;

/** Somebody of the site. With a name, the chat knows this person from then on by that name. */
final class Person
{
    /** @param  string|null  $name  Null: must be known to the chat already */
    public function __construct(
        public readonly string $id,
        public readonly ?string $name = null,
        public readonly ?string $avatar = null,
    ) {
    }

    /** @internal */
    public static function from(self|string|int $person): self
    {
        return $person instanceof self ? $person : new self((string) $person);
    }

    /** @internal */
    public function toArray(): array
    {
        return array_filter(['id' => $this->id, 'name' => $this->name, 'avatar' => $this->avatar], 'is_string');
    }
}
