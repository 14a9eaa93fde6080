<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The channel keeps no history or presence, or the feature is switched off. */
final class NotAvailableException extends RefusedException
{
}
