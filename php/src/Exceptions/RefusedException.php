<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The server answered with an error. `getCode()` is its number, the message says what it expected and what came. */
class RefusedException extends SkeinException
{
    final public function __construct(string $message, int $code)
    {
        parent::__construct($message, $code);
    }

    /** As the class its number has in `Errors`. */
    public static function of(int $code, string $message): self
    {
        $class = Errors::CLASSES[$code] ?? self::class;

        return new $class($message, $code);
    }

    public function isTemporary(): bool
    {
        return in_array($this->getCode(), Errors::TEMPORARY, true);
    }
}
