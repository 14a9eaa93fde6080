<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** There is no such room, message, person or method. */
final class NotFoundException extends RefusedException
{
}
