<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** Too often; later it will work. */
final class TooManyRequestsException extends RefusedException
{
}
