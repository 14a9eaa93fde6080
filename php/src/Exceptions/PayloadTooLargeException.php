<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The data or the text is longer than the server takes. */
final class PayloadTooLargeException extends RefusedException
{
}
