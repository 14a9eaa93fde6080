<?php

declare(strict_types=1);

namespace Skein\Exceptions;

use Throwable;

/** No answer came, or one that is not Skein's. The call may have been carried out all the same. */
final class ConnectionException extends SkeinException
{
    public function __construct(string $message, ?Throwable $previous = null)
    {
        parent::__construct($message, 0, $previous);
    }

    public function isTemporary(): bool
    {
        return true;
    }
}
