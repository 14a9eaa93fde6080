<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The API key is none of the server's, or a token is expired. */
final class UnauthorizedException extends RefusedException
{
}
