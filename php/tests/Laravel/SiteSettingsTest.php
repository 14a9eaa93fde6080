<?php

declare(strict_types=1);

namespace Skein\Tests\Laravel;

use Illuminate\Config\Repository;
use Illuminate\Foundation\Application;
use PHPUnit\Framework\TestCase;
use Skein\Laravel\Console\WebsocketServe;
use Skein\Laravel\SiteSettings;
use Symfony\Component\Console\Input\ArrayInput;
use Symfony\Component\Console\Output\BufferedOutput;

/** Where the server is told to look for the sessions of a Laravel application. */
final class SiteSettingsTest extends TestCase
{
    private function settings(array $config): array
    {
        $app = new Application('/srv/shop');
        $app->instance('cache', new class()
        {
            public function store(): self
            {
                return $this;
            }

            public function getStore(): self
            {
                return $this;
            }

            public function getPrefix(): string
            {
                return 'shop_cache:';
            }
        });

        return (new SiteSettings($app, new Repository($config)))->all();
    }

    private function redis(array $connection, array $session = []): array
    {
        return $this->settings([
            'session' => ['driver' => 'redis'] + $session,
            'database' => ['redis' => ['options' => ['prefix' => 'shop_database_'], 'default' => $connection]],
        ]);
    }

    /** @dataProvider redisConnections */
    public function test_redis_is_reached_as_laravel_reaches_it(array $connection, string $url): void
    {
        $this->assertSame([$url], $this->redis($connection)['sessions.redis_urls']);
    }

    public static function redisConnections(): array
    {
        return [
            'a fresh application' => [
                ['url' => null, 'host' => '127.0.0.1', 'username' => null, 'password' => null, 'port' => '6379', 'database' => '0'],
                'redis://127.0.0.1:6379/0',
            ],
            'password and database' => [
                ['host' => '10.0.0.5', 'password' => 'p@ss', 'port' => 6380, 'database' => 2],
                'redis://:p%40ss@10.0.0.5:6380/2',
            ],
            'a url, which replaces what it says and nothing else' => [
                ['url' => 'redis://shop:p%40ss@10.0.0.5:6380', 'host' => '127.0.0.1', 'database' => '3'],
                'redis://shop:p%40ss@10.0.0.5:6380/3',
            ],
            'TLS as a url' => [['url' => 'rediss://cache.example:6380/1'], 'rediss://cache.example:6380/1'],
            'TLS as a scheme' => [['scheme' => 'tls', 'host' => 'cache.example', 'database' => 0], 'rediss://cache.example:6379/0'],
            'TLS in the host' => [['host' => 'tls://cache.example', 'port' => 6380], 'rediss://cache.example:6380/0'],
            'a socket as the host' => [
                ['host' => '/run/redis/redis.sock', 'port' => 0, 'password' => 'p@ss', 'database' => 1],
                'unix:///run/redis/redis.sock?database=1&auth=p%40ss',
            ],
            'a socket as Predis has it' => [
                ['scheme' => 'unix', 'path' => '/run/redis/redis.sock', 'username' => 'shop', 'password' => 'x'],
                'unix:///run/redis/redis.sock?database=0&auth%5Buser%5D=shop&auth%5Bpass%5D=x',
            ],
        ];
    }

    public function test_the_prefix_is_all_that_stands_before_the_id(): void
    {
        $this->assertSame('shop_database_shop_cache:', $this->redis(['host' => 'x'])['sessions.prefix']);
        $this->assertSame('mine:shop_cache:', $this->redis(['host' => 'x', 'prefix' => 'mine:'])['sessions.prefix']);
        $this->assertSame('own:', $this->redis(['host' => 'x', 'prefix' => ''], ['prefix' => 'own:'])['sessions.prefix']);
    }

    /** @dataProvider databases */
    public function test_databases_are_reached_as_laravel_reaches_them(array $connection, ?string $url): void
    {
        $settings = $this->settings([
            'session' => ['driver' => 'database', 'table' => 'sessions'],
            'database' => ['default' => 'main', 'connections' => ['main' => $connection]],
        ]);

        $this->assertSame($url, $settings['sessions.database_url'] ?? null);
        $this->assertSame($url !== null, isset($settings['sessions.framework']));
    }

    public static function databases(): array
    {
        return [
            'MySQL' => [
                ['driver' => 'mysql', 'host' => '10.0.0.7', 'port' => '3306', 'database' => 'shop', 'username' => 'shop', 'password' => 'p@ss'],
                'mysql://shop:p%40ss@10.0.0.7:3306/shop',
            ],
            'MariaDB without a port' => [['driver' => 'mariadb', 'host' => 'db', 'database' => 'shop'], 'mysql://db:3306/shop'],
            'PostgreSQL by url' => [['driver' => 'pgsql', 'url' => 'pgsql://shop@db/shop'], 'postgres://shop:@db:5432/shop'],
            'one to read and two to write' => [
                ['driver' => 'mysql', 'read' => ['host' => ['replica']], 'write' => ['host' => ['one', 'two']], 'database' => 'shop'],
                'mysql://one:3306/shop',
            ],
            'MySQL by its socket' => [
                ['driver' => 'mysql', 'host' => 'localhost', 'unix_socket' => '/run/mysqld/mysqld.sock', 'database' => 'shop', 'username' => 'shop'],
                'mysql://shop:@localhost:3306/shop?socketPath=%2Frun%2Fmysqld%2Fmysqld.sock',
            ],
            'PostgreSQL by its socket' => [
                ['driver' => 'pgsql', 'host' => '/run/postgresql', 'database' => 'shop'],
                'postgres://localhost:5432/shop?host=%2Frun%2Fpostgresql',
            ],
            'an address with colons' => [['driver' => 'mysql', 'host' => '::1', 'database' => 'shop'], 'mysql://[::1]:3306/shop'],
            'a path with what means something in addresses' => [
                ['driver' => 'sqlite', 'database' => '/srv/100% #1/shop.sqlite'],
                'sqlite:///srv/100%25%20%231/shop.sqlite',
            ],
            'SQLite' => [['driver' => 'sqlite', 'database' => '/srv/shop/database.sqlite'], 'sqlite:///srv/shop/database.sqlite'],
            'SQL Server, which is not read' => [['driver' => 'sqlsrv', 'host' => 'db', 'database' => 'shop'], null],
        ];
    }

    public function test_the_guard_is_one_that_logs_in_with_the_session(): void
    {
        $guards = ['api' => ['driver' => 'sanctum'], 'customer' => ['driver' => 'session'], 'admin' => ['driver' => 'session']];
        $guardOf = fn (array $auth) => $this->settings(['session' => ['driver' => 'file'], 'auth' => $auth])['sessions.guard'];

        $this->assertSame('web', $guardOf([]));
        $this->assertSame('admin', $guardOf(['defaults' => ['guard' => 'admin'], 'guards' => $guards]));
        $this->assertSame('customer', $guardOf(['defaults' => ['guard' => 'api'], 'guards' => $guards]));
    }

    /** @dataProvider drivers */
    public function test_the_command_says_when_sessions_cannot_be_read(string $driver, bool $isTold): void
    {
        $app = new Application('/srv/shop');
        $app->instance('config', new Repository(['session' => ['driver' => $driver]]));
        $command = new WebsocketServe();
        $command->setLaravel($app);

        $this->assertSame(0, $command->run(new ArrayInput(['--dry-run' => true]), $output = new BufferedOutput()));
        $this->assertSame($isTold, str_contains($output->fetch(), 'cannot read where this site keeps its sessions'));
    }

    public static function drivers(): array
    {
        return [['file', false], ['dynamodb', true]];
    }

    public function test_sessions_that_cannot_be_read_leave_the_rest_as_it_is(): void
    {
        $clusters = ['redis' => ['clusters' => ['default' => [['host' => 'a']]]]];

        $packed = ['options' => ['compression' => 1], 'default' => ['host' => 'x']];

        foreach ([['session' => ['driver' => 'array']], ['session' => ['driver' => 'redis'], 'database' => ['redis' => $packed]], ['session' => ['driver' => 'redis'], 'database' => $clusters]] as $config) {
            $settings = $this->settings($config + ['skein' => ['api_key' => 'key-0123456789abcdef']]);
            $this->assertSame('key-0123456789abcdef', $settings['auth.api_keys']);
            $this->assertSame('/srv/shop/storage/skein', $settings['data']);
            $this->assertArrayNotHasKey('sessions.framework', $settings);
        }
    }
}
