<?php

declare(strict_types=1);

namespace Skein;

/** One connection that is in a channel. A user with two pages open is there twice. */
final class PresentClient
{
    /**
     * @param  string  $user  Empty: anonymous
     * @param  mixed  $info  What the connection's token says of the user
     * @param  mixed  $channelInfo  What the subscription's token says
     */
    public function __construct(
        public readonly string $client,
        public readonly string $user,
        public readonly mixed $info = null,
        public readonly mixed $channelInfo = null,
    ) {
    }

    /** @internal */
    public static function in(array $item): self
    {
        return new self(
            (string) ($item['client'] ?? ''),
            (string) ($item['user'] ?? ''),
            $item['conn_info'] ?? null,
            $item['chan_info'] ?? null,
        );
    }
}
