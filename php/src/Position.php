<?php

declare(strict_types=1);

namespace Skein;

/** A place in a channel's history. The offset means nothing without its epoch, so they always travel together. */
final class Position
{
    public function __construct(
        public readonly int $offset,
        public readonly string $epoch,
    ) {
    }

    /** @internal Null for channels that keep no history. */
    public static function in(array $result): ?self
    {
        return isset($result['epoch']) ? new self((int) ($result['offset'] ?? 0), (string) $result['epoch']) : null;
    }
}
