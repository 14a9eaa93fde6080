<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** What was handed over cannot be made into JSON (invalid UTF-8, a recursion, a resource). */
final class InvalidDataException extends SkeinException
{
}
