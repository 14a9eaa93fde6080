<?php

declare(strict_types=1);

namespace Skein\Exceptions;

use RuntimeException;

/** Everything this package throws of its own. */
class SkeinException extends RuntimeException
{
    /** Whether the same call may succeed later. The client has repeated it already. */
    public function isTemporary(): bool
    {
        return false;
    }
}
