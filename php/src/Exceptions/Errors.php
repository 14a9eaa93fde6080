<?php

declare(strict_types=1);

namespace Skein\Exceptions;

/** The server's error numbers and what they are here. A test holds this against the server's own table. */
final class Errors
{
    /** @var array<int, class-string<RefusedException>> */
    public const CLASSES = [
        100 => ServerException::class,
        101 => UnauthorizedException::class,
        102 => UnknownChannelException::class,
        103 => PermissionDeniedException::class,
        104 => NotFoundException::class,
        105 => ConflictException::class,
        106 => LimitExceededException::class,
        107 => BadRequestException::class,
        108 => NotAvailableException::class,
        109 => UnauthorizedException::class,
        110 => UnauthorizedException::class,
        111 => TooManyRequestsException::class,
        112 => UnrecoverablePositionException::class,
        113 => ConflictException::class,
        404 => NotFoundException::class,
        413 => PayloadTooLargeException::class,
        1001 => NotAMemberException::class,
        1002 => PayloadTooLargeException::class,
        1003 => ConflictException::class,
        1010 => UnavailableException::class,
        1011 => UnavailableException::class,
        1012 => UnavailableException::class,
    ];

    public const TEMPORARY = [100, 111, 1010, 1011, 1012];
}
