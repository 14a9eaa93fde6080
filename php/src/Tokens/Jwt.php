<?php

declare(strict_types=1);

namespace Skein\Tokens;

/** Signs; nothing here reads tokens. */
final class Jwt
{
    /** HS256 of RFC 7515. @param  array<string, mixed>  $claims */
    public static function sign(array $claims, #[\SensitiveParameter] string $secret): string
    {
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
        $head = self::base64Url(json_encode(['alg' => 'HS256', 'typ' => 'JWT'], $flags));
        $signed = $head.'.'.self::base64Url(json_encode($claims, $flags));

        return $signed.'.'.self::base64Url(hash_hmac('sha256', $signed, $secret, true));
    }

    private static function base64Url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}
