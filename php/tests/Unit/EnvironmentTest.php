<?php

declare(strict_types=1);

namespace Skein\Tests\Unit;

use PHPUnit\Framework\TestCase;
use Skein\Server\Environment;

final class EnvironmentTest extends TestCase
{
    public function test_settings_become_the_variables_the_server_reads(): void
    {
        $this->assertSame([
            'SKEIN_PORT' => '8080',
            'SKEIN_API_KEY' => 'a,b',
            'SKEIN_AUTH_TOKEN_HMAC_SECRETS' => 'new,old',
            'SKEIN_LIMITS_PING_INTERVAL' => '20s',
            'SKEIN_PLAIN_SENDER_ECHO' => 'false',
            'SKEIN_CHANNELS' => '[{"pattern":"news"}]',
        ], Environment::of([
            'server.port' => 8080,
            'auth.api_keys' => 'a,b',
            'auth.token_hmac_secrets' => ['new', 'old'],
            'limits.ping_interval' => '20s',
            'plain.sender_echo' => false,
            'channels' => [['pattern' => 'news']],
            'auth.issuer' => null,
            'server.origins' => [],
        ]));
    }

    public function test_the_sites_settings_replace_what_says_the_same_in_the_environment(): void
    {
        $environment = ['SKEIN_AUTH_API_KEYS' => 'old', 'SKEIN_API_KEY' => 'older', 'SKEIN_PORT' => '1', 'PATH' => '/bin'];

        $this->assertSame(
            ['SKEIN_API_KEY' => 'new', 'SKEIN_PORT' => '1', 'PATH' => '/bin'],
            Environment::over(['SKEIN_API_KEY' => 'new'], $environment),
        );
    }

    public function test_the_sites_pusher_app_replaces_the_one_in_the_environment(): void
    {
        $environment = ['SKEIN_PUSHER_APP_KEY' => 'k', 'SKEIN_PUSHER_APP_SECRET' => 's', 'SKEIN_PUSHER_APP_ID' => '7'];

        $this->assertSame(['SKEIN_PUSHER_APPS' => '[]'], Environment::over(['SKEIN_PUSHER_APPS' => '[]'], $environment));
        $this->assertSame($environment, Environment::over([], $environment));
    }

    public function test_secrets_are_not_shown(): void
    {
        $lines = Environment::shown([
            'SKEIN_PORT' => '8080',
            'SKEIN_API_KEY' => 'visible?',
            'SKEIN_SESSIONS_REDIS_URLS' => 'redis://:visible?@x',
            'SKEIN_PUSHER_APPS' => 'visible?',
            'SKEIN_SITES' => '[{"name":"club","app_key":"visible?"}]',
            'SKEIN_SESSIONS_PREVIOUS_KEYS' => 'visible?',
        ]);

        $this->assertContains('SKEIN_PORT=8080', $lines);
        $this->assertStringNotContainsString('visible?', implode($lines));
    }
}
