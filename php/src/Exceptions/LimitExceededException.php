<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** A limit of the server's configuration is reached. */
final class LimitExceededException extends RefusedException
{
}
