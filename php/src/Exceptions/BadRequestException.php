<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The call is not as the server expects it; the message says where. */
final class BadRequestException extends RefusedException
{
}
