<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The user is not in this conversation. */
final class NotAMemberException extends RefusedException
{
}
