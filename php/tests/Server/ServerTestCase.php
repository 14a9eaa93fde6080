<?php

declare(strict_types=1);

namespace Skein\Tests\Server;

use PHPUnit\Framework\TestCase;
use RuntimeException;
use Skein\Config;
use Skein\Skein;

abstract class ServerTestCase extends TestCase
{
    protected Skein $skein;

    protected function setUp(): void
    {
        $this->skein = Skein::with($this->config());
    }

    protected function config(): Config
    {
        return new Config(
            self::variable('SKEIN_TEST_URL'),
            self::variable('SKEIN_TEST_API_KEY'),
            self::variable('SKEIN_TEST_TOKEN_SECRET'),
        );
    }

    /** Not skipped: what is not run is not known to work. */
    private static function variable(string $name): string
    {
        return getenv($name) ?: throw new RuntimeException("$name is not set: these tests need a running server");
    }

    protected function unique(string $prefix): string
    {
        return $prefix.bin2hex(random_bytes(6));
    }

    /** A call of the chat's REST interface in somebody's name, as that person's browser would make it. */
    protected function chatAs(string $token, string $path): array
    {
        $context = stream_context_create(['http' => ['header' => "Authorization: Bearer $token", 'ignore_errors' => true]]);

        return json_decode(file_get_contents(self::variable('SKEIN_TEST_URL')."/chat/v1/$path", false, $context), true);
    }
}
