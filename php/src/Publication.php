<?php

declare(strict_types=1);

namespace Skein;

/** One item of a channel's history. */
final class Publication
{
    /** @param  array<string, string>  $tags */
    public function __construct(
        public readonly mixed $data,
        public readonly int $offset,
        public readonly array $tags = [],
    ) {
    }

    /** @internal */
    public static function in(array $item): self
    {
        return new self($item['data'] ?? null, (int) ($item['offset'] ?? 0), (array) ($item['tags'] ?? []));
    }
}
