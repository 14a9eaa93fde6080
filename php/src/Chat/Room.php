<?php

declare(strict_types=1);

namespace Skein\Chat;

/** A room of the chat, as it is now. */
final class Room
{
    public function __construct(
        public readonly string $id,
        public readonly string $slug,
        public readonly string $name,
        public readonly int $memberCount,
    ) {
    }

    /** @internal */
    public static function in(array $conversation): self
    {
        return new self(
            (string) $conversation['id'],
            (string) ($conversation['slug'] ?? ''),
            (string) $conversation['name'],
            (int) $conversation['member_count'],
        );
    }
}
