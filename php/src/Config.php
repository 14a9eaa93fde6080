<?php

declare(strict_types=1);

namespace Skein;

use InvalidArgumentException;

/** Where the server is and what this site proves itself with. Nothing is sent before it is used. */
final class Config
{
    /**
     * @param  string  $url  Address that PHP reaches, often another one than the browser's: "http://127.0.0.1:8080"
     * @param  string  $apiKey  One of the server's `auth.api_keys`
     * @param  string|null  $tokenSecret  The first of its `auth.token_hmac_secrets`; needed for tokens only
     * @param  string|null  $issuer  Its `auth.issuer`, when it is set: tokens then say so
     * @param  string|null  $audience  Its `auth.audience`, likewise
     * @param  float  $connectTimeout  Seconds, 0.001 or more, as `$timeout`. Short, as a server that is down would otherwise hold up every page
     * @param  float  $timeout  Seconds for one attempt
     * @param  int  $attempts  In all, for what failed in passing. Repeating is safe: see Client
     */
    public function __construct(
        public readonly string $url,
        #[\SensitiveParameter] public readonly string $apiKey,
        #[\SensitiveParameter] public readonly ?string $tokenSecret = null,
        public readonly ?string $issuer = null,
        public readonly ?string $audience = null,
        public readonly float $connectTimeout = 1.0,
        public readonly float $timeout = 3.0,
        public readonly int $attempts = 3,
    ) {
        if (! preg_match('#^https?://[^/\s]+(/.*)?$#i', $url)) {
            throw new InvalidArgumentException("url must be an http(s) address like http://127.0.0.1:8080, got \"$url\"");
        }

        if ($apiKey === '') {
            throw new InvalidArgumentException('apiKey is empty (SKEIN_API_KEY): the server made one at its first start, in secrets.json of its data folder');
        }

        // 0 would mean minutes to curl, or for ever.
        if ($connectTimeout < 0.001 || $timeout < 0.001) {
            throw new InvalidArgumentException("timeouts must be 0.001 seconds or more, got $connectTimeout and $timeout");
        }

        if ($attempts < 1) {
            throw new InvalidArgumentException("attempts must be 1 or more, got $attempts");
        }
    }

    /** From an array with the names of config/skein.php. */
    public static function fromArray(#[\SensitiveParameter] array $settings): self
    {
        return new self(
            url: (string) ($settings['url'] ?? 'http://127.0.0.1:8080'),
            apiKey: (string) ($settings['api_key'] ?? ''),
            tokenSecret: self::textOrNull($settings['token_secret'] ?? null),
            issuer: self::textOrNull($settings['issuer'] ?? null),
            audience: self::textOrNull($settings['audience'] ?? null),
            connectTimeout: (float) ($settings['connect_timeout'] ?? 1.0),
            timeout: (float) ($settings['timeout'] ?? 3.0),
            attempts: (int) ($settings['attempts'] ?? 3),
        );
    }

    private static function textOrNull(mixed $value): ?string
    {
        return is_string($value) && $value !== '' ? $value : null;
    }
}
