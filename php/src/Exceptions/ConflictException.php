<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** It contradicts what is there already: a name that is taken, a message that was deleted. */
final class ConflictException extends RefusedException
{
}
