<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The server cannot keep anything at the moment (disk full, database away, shutting down). */
final class UnavailableException extends RefusedException
{
}
