<?php

declare(strict_types=1);

namespace Skein\Webhooks;

/** Something that happened: a channel was occupied, a member came. */
final class Event
{
    /**
     * @param  string  $name  `channel_occupied`, `channel_vacated`, `member_added`, `member_removed`, `client_event` …
     * @param  string|null  $userId  Of members, and of client events in presence channels
     * @param  array<string, mixed>  $fields  Everything that came
     */
    public function __construct(
        public readonly string $name,
        public readonly string $channel,
        public readonly ?string $userId,
        public readonly array $fields,
    ) {
    }

    /** @internal */
    public static function in(array $fields): self
    {
        return new self(
            (string) ($fields['name'] ?? ''),
            (string) ($fields['channel'] ?? ''),
            isset($fields['user_id']) ? (string) $fields['user_id'] : null,
            $fields,
        );
    }
}
