<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** History no longer reaches back to this position: load everything anew. */
final class UnrecoverablePositionException extends RefusedException
{
}
