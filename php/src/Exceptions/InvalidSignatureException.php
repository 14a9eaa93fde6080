<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** A webhook that was not signed with the app's secret. Answer 401 and do nothing else. */
final class InvalidSignatureException extends SkeinException
{
}
