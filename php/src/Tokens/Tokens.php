<?php

declare(strict_types=1);

namespace Skein\Tokens;

use Closure;
use InvalidArgumentException;
use Skein\Config;

/** Tokens that pages show to the server. They are made here, without asking it. */
final class Tokens
{
    private readonly string $secret;

    private readonly Closure $now;

    /** @param  (Closure(): int)|null  $now  Unix seconds; for tests */
    public function __construct(private readonly Config $config, ?Closure $now = null)
    {
        $this->secret = $config->tokenSecret ?? throw new InvalidArgumentException(
            'tokens need tokenSecret: the first of the server\'s auth.token_hmac_secrets, or tokenHmacSecret in data/secrets.json',
        );
        $this->now = $now ?? time(...);
    }

    /**
     * Who a connection is: for `new Centrifuge(url, { getToken })` and for signing in to the chat.
     *
     * @param  string|int  $user  1 to 128 characters
     * @param  string|null  $name  Shown to others. In the chat, people of a site have this name
     * @param  string|null  $avatar  Address of a picture: http(s), or a path on the site
     * @param  int  $ttl  Seconds
     * @param  string|null  $session  Names the login, so that `endSession` finds what was made with it. Never the id
     *                                in the session cookie itself: the page can read its token
     * @param  array<string, mixed>  $info  Further facts others see beside name and avatar
     */
    public function connection(
        string|int $user,
        ?string $name = null,
        ?string $avatar = null,
        int $ttl = 3600,
        ?string $session = null,
        array $info = [],
    ): string {
        $info = array_filter(['name' => $name, 'avatar' => $avatar], 'is_string') + $info;

        return $this->sign([
            'sub' => (string) $user,
            ...($info === [] ? [] : ['info' => $info]),
            ...($session === null ? [] : ['sid' => $session]),
        ], $ttl);
    }

    /**
     * Permission to be in one channel.
     *
     * @param  string|int  $user  Must be the user of the connection; empty for anonymous ones
     * @param  mixed  $info  What others in the channel see
     */
    public function subscription(string|int $user, string $channel, int $ttl = 3600, mixed $info = null): string
    {
        return $this->sign([
            'sub' => (string) $user,
            'channel' => $channel,
            ...($info === null ? [] : ['info' => $info]),
        ], $ttl);
    }

    private function sign(array $claims, int $ttl): string
    {
        $now = ($this->now)();

        return Jwt::sign($claims + ['iat' => $now, 'exp' => $now + $ttl] + array_filter([
            'iss' => $this->config->issuer,
            'aud' => $this->config->audience,
        ]), $this->secret);
    }
}
