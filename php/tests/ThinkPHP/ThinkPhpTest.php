<?php

declare(strict_types=1);

namespace Skein\Tests\ThinkPHP;

use PHPUnit\Framework\TestCase;
use Skein\Client;
use Skein\Config;
use Skein\Exceptions\UnauthorizedException;
use Skein\Skein;
use Skein\Tests\FakeTransport;
use Skein\ThinkPHP\Command\WebsocketRun;
use Skein\ThinkPHP\Command\WebsocketServe;
use Skein\ThinkPHP\Login;
use Skein\ThinkPHP\SiteSettings;
use Skein\ThinkPHP\SkeinService;
use think\App;
use think\console\Input;
use think\console\Output;

require_once __DIR__.'/framework.php';

final class ThinkPhpTest extends TestCase
{
    private const SKEIN = [
        'url' => 'http://127.0.0.1:9',
        'api_key' => 'key-0123456789abcdef',
        'token_secret' => 'secret-0123456789abcdef',
        'user_path' => 'user.id',
        'serve' => ['host' => '127.0.0.1', 'port' => 9, 'program' => ['sh', '-c', 'true'], 'settings' => ['plain.language' => 'zh-CN']],
    ];

    private function app(array $config = []): App
    {
        return new App($config + ['skein' => self::SKEIN]);
    }

    public function test_the_service_binds_the_client_and_adds_the_commands(): void
    {
        $app = $this->app();
        $service = new SkeinService($app);
        $service->register();
        $service->boot();

        $this->assertInstanceOf(Skein::class, $app->make(Skein::class));
        $this->assertSame(
            ['websocket:serve' => WebsocketServe::class, 'websocket:run' => WebsocketRun::class],
            $service->registered,
        );

        foreach ($service->registered as $name => $command) {
            $this->assertSame($name, (new $command())->getName());
        }
    }

    public function test_sessions_in_files_are_found_where_thinkphp_keeps_them(): void
    {
        $settings = (new SiteSettings($this->app(['session' => ['type' => 'file', 'expire' => 7200, 'prefix' => 'shop']])))->all();

        $this->assertSame('thinkphp', $settings['sessions.framework']);
        $this->assertSame('/srv/shop/runtime/session', $settings['sessions.folder']);
        $this->assertSame(['7200s', 'shop', ['user.id']], [
            $settings['sessions.lifetime'], $settings['sessions.prefix'], $settings['sessions.user_path'],
        ]);
        $this->assertSame('/srv/shop/runtime/skein', $settings['data']);
        $this->assertSame('zh-CN', $settings['plain.language']);
    }

    public function test_sessions_in_the_cache(): void
    {
        $redis = ['type' => 'redis', 'host' => '10.0.0.5', 'port' => 6380, 'password' => 'p@ss', 'select' => 2, 'prefix' => 'c:'];
        $settings = (new SiteSettings($this->app([
            'session' => ['type' => 'cache', 'store' => 'redis', 'prefix' => 's:', 'name' => 'SHOPID'],
            'cache' => ['default' => 'file', 'stores' => ['redis' => $redis]],
        ])))->all();

        $this->assertSame(['redis://:p%40ss@10.0.0.5:6380/2'], $settings['sessions.redis_urls']);
        $this->assertSame(['c:s:', 'SHOPID', 'redis'], [
            $settings['sessions.prefix'], $settings['sessions.cookie'], $settings['sessions.store'],
        ]);

        $memcached = ['type' => 'memcached', 'host' => ['10.0.0.6', '10.0.0.7', '10.0.0.8'], 'port' => [11211, 11212]];
        $several = (new SiteSettings($this->app([
            'session' => ['type' => 'cache', 'store' => 'many'],
            'cache' => ['stores' => ['many' => $memcached]],
        ])))->all();
        $this->assertSame(['10.0.0.6:11211', '10.0.0.7:11212', '10.0.0.8:11211'], $several['sessions.memcached_servers']);

        $own = (new SiteSettings($this->app(['session' => ['type' => 'app\\MySession']])))->all();
        $this->assertArrayNotHasKey('sessions.framework', $own);
    }

    public function test_dry_run_shows_what_the_server_would_get(): void
    {
        $command = new WebsocketServe();
        $command->setApp($this->app());
        $output = new Output();

        $this->assertSame(0, $command->run(new Input(['dry-run' => true, 'port' => '0']), $output));
        $this->assertContains('SKEIN_PORT=0', $output->lines);
        $this->assertContains('SKEIN_API_KEY=********', $output->lines);
        $this->assertContains('SKEIN_SESSIONS_FRAMEWORK=thinkphp', $output->lines);
        $this->assertStringNotContainsString('cannot read', implode($output->lines));

        $command->setApp($this->app(['session' => ['type' => 'app\\MySession']]));
        $command->run(new Input(['dry-run' => true]), $output = new Output());
        $this->assertStringContainsString('cannot read where this site keeps its sessions', $output->lines[0]);
    }

    public function test_a_login_has_a_token_and_ends_with_its_sockets(): void
    {
        $app = $this->app();
        $replies = ['replies' => [['rpc' => []], ['disconnect' => []], ['rpc' => []], ['disconnect' => []]]];
        $transport = new FakeTransport([$replies]);
        $login = $this->login($app, $transport);
        $app->session->set('user', ['id' => 42, 'theme' => 'dark']);
        $login->begin('小明', '/a.png');
        $claims = json_decode(base64_decode(strtr(explode('.', $login->token(42))[1], '-_', '+/')), true);

        $this->assertSame(['42', ['name' => '小明', 'avatar' => '/a.png']], [$claims['sub'], $claims['info']]);
        $this->assertSame([$login->name(), $login->name()], [$app->session->get('skein.sid'), $claims['sid']]);

        $login->end();
        $this->assertSame(['user' => ['theme' => 'dark']], $app->session->values);
        $this->assertSame(['session' => $claims['sid']], $transport->sent()['commands'][0]['rpc']['params']);
        $this->assertSame(hash('sha256', str_repeat('a', 32)), $transport->sent()['commands'][3]['disconnect']['session']);
    }

    public function test_the_session_is_written_without_the_user_before_the_server_is_told(): void
    {
        $app = $this->app();
        $app->session->set('user.id', 42);
        $app->session->save();
        $login = $this->login($app, new FakeTransport([401]));

        try {
            $login->end();
            $this->fail('nothing was thrown');
        } catch (UnauthorizedException) {
            $this->assertSame(['user' => []], $app->session->saved);
        }
    }

    public function test_of_two_logins_in_one_session_the_one_that_skein_sees_ends(): void
    {
        $app = $this->app(['skein' => ['user_path' => ['uid', 'admin.id']] + self::SKEIN]);
        $app->session->set('admin.id', 7);
        $replies = ['replies' => array_fill(0, 4, ['rpc' => []])];
        $app->session->set('uid', 42);
        $this->login($app, new FakeTransport([$replies]))->end();
        $this->assertSame([null, 7], [$app->session->get('uid'), $app->session->get('admin.id')]);
        $this->login($app, new FakeTransport([$replies]))->end();
        $this->assertNull($app->session->get('admin.id'));
    }

    private function login(App $app, FakeTransport $transport): Login
    {
        $config = Config::fromArray(self::SKEIN);

        return new Login($app, new Skein($config, new Client($config, $transport)));
    }
}
