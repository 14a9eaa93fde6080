<?php

declare(strict_types=1);

namespace Skein;

/** A page of history, and where the channel stands. */
final class History
{
    /** @param  list<Publication>  $publications */
    public function __construct(
        public readonly array $publications,
        public readonly Position $top,
    ) {
    }
}
