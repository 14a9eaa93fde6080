<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The rules do not allow it. */
final class PermissionDeniedException extends RefusedException
{
}
