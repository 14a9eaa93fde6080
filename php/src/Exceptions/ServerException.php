<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** Something went wrong inside the server; its log says what. */
final class ServerException extends RefusedException
{
}
