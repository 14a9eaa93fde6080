<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** No rule of the server's configuration covers this channel. */
final class UnknownChannelException extends RefusedException
{
}
