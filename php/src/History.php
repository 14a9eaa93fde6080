<?php

declare(strict_types=1);

namespace Skein;

use Skein\Exceptions\RefusedException;
use Skein\Exceptions\UnrecoverablePositionException;

/** A page of history, and where the channel stands. */
final class History
{
    /** @param  list<Publication>  $publications */
    public function __construct(
        public readonly array $publications,
        public readonly Position $top,
    ) {
    }

    /**
     * @internal
     *
     * @throws UnrecoverablePositionException when publications after that position are missing
     */
    public function ensureFollows(Position $since): void
    {
        $first = $this->publications[0]->offset ?? $this->top->offset + 1;

        if ($first > $since->offset + 1) {
            throw RefusedException::of(112, "what came after offset {$since->offset} is no longer kept: the history goes on at $first");
        }
    }
}
