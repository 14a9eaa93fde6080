<?php

declare(strict_types=1);

namespace Skein\Tests\Unit;

use InvalidArgumentException;
use PHPUnit\Framework\TestCase;
use Skein\Config;
use Skein\Tokens\Jwt;
use Skein\Tokens\Tokens;

final class TokensTest extends TestCase
{
    private function claims(string $token): array
    {
        return json_decode(base64_decode(strtr(explode('.', $token)[1], '-_', '+/')), true);
    }

    private function tokens(?string $issuer = null): Tokens
    {
        return new Tokens(new Config('http://x', 'key', 'secret', issuer: $issuer), fn () => 1_000);
    }

    /** The vector of jwt.io, whose HS256 every library gives. */
    public function test_the_signature_is_the_one_everybody_computes(): void
    {
        $token = Jwt::sign(['sub' => '1234567890', 'name' => 'John Doe', 'iat' => 1516239022], 'your-256-bit-secret');

        $this->assertStringEndsWith('.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c', $token);
    }

    public function test_a_connection_token_says_who_and_how_long(): void
    {
        $token = $this->tokens()->connection(42, '小明', '/a.png', ttl: 60, session: 'sid-1', info: ['vip' => true, 'name' => 'no']);

        $this->assertSame([
            'sub' => '42',
            'info' => ['name' => '小明', 'avatar' => '/a.png', 'vip' => true],
            'sid' => 'sid-1',
            'iat' => 1_000,
            'exp' => 1_060,
        ], $this->claims($token));
    }

    public function test_a_subscription_token_is_for_one_channel(): void
    {
        $this->assertSame(
            ['sub' => '42', 'channel' => 'private-orders.7', 'iat' => 1_000, 'exp' => 4_600, 'iss' => 'shop'],
            $this->claims($this->tokens('shop')->subscription('42', 'private-orders.7')),
        );
    }

    public function test_without_a_secret_there_is_a_hint_instead_of_a_token(): void
    {
        $this->expectException(InvalidArgumentException::class);
        $this->expectExceptionMessage('token_hmac_secrets');
        new Tokens(new Config('http://x', 'key'));
    }
}
