<?php

declare(strict_types=1);

namespace Skein\Tests\Laravel;

use Illuminate\Auth\Events\CurrentDeviceLogout;
use Illuminate\Auth\Events\Login;
use Illuminate\Auth\Events\Logout;
use Illuminate\Auth\Events\OtherDeviceLogout;
use Illuminate\Auth\GenericUser;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Config\Repository;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Events\Dispatcher as DispatcherContract;
use Illuminate\Events\Dispatcher;
use Illuminate\Foundation\Application;
use Illuminate\Http\Request;
use Illuminate\Session\ArraySessionHandler;
use Illuminate\Session\Store;
use PHPUnit\Framework\TestCase;
use Skein\Client;
use Skein\Config;
use Skein\Laravel\SkeinBroadcaster;
use Skein\Laravel\SkeinServiceProvider;
use Skein\Skein;
use Skein\Tests\FakeTransport;
use Throwable;

/** What a login and its end do to the session, and what the server is told. */
final class LoginTest extends TestCase
{
    private const DONE = ['replies' => [['rpc' => []], ['disconnect' => []], ['rpc' => []], ['disconnect' => []]]];

    private Store $session;

    private FakeTransport $transport;

    /** @var list<Throwable> */
    public array $reported = [];

    private function site(array $skein = ['api_key' => 'key']): Application
    {
        $app = new Application('/srv/shop');
        $app->instance('config', new Repository(['skein' => $skein, 'broadcasting' => [
            'default' => 'skein',
            'connections' => ['skein' => ['driver' => 'skein']],
        ]]));
        $app->instance(ExceptionHandler::class, new class($this) implements ExceptionHandler
        {
            public function __construct(private readonly LoginTest $test)
            {
            }

            public function report(Throwable $e)
            {
                $this->test->reported[] = $e;
            }

            public function shouldReport(Throwable $e)
            {
                return true;
            }

            public function render($request, Throwable $e)
            {
            }

            public function renderForConsole($output, Throwable $e)
            {
            }
        });
        $app->singleton(BroadcastManager::class, static fn (Application $app) => new BroadcastManager($app));
        $app->instance('events', $events = new Dispatcher($app));
        $app->instance(DispatcherContract::class, $events);

        $provider = new SkeinServiceProvider($app);
        $provider->register();
        $provider->boot();

        $this->session = new Store('shop_session', new ArraySessionHandler(120));
        $request = Request::create('/');
        $request->setLaravelSession($this->session);
        $app->instance('request', $request);

        return $app;
    }

    private function told(Application $app): FakeTransport
    {
        $this->transport = new FakeTransport([self::DONE]);
        $config = new Config('http://skein.test', 'key', attempts: 1);
        $app->instance(Skein::class, new Skein($config, new Client($config, $this->transport)));

        return $this->transport;
    }

    public function test_a_logout_ends_what_was_made_with_the_login(): void
    {
        $app = $this->site();
        $transport = $this->told($app);
        $user = new GenericUser(['id' => 1, 'name' => 'Ann']);
        $app['events']->dispatch(new Login('web', $user, false));
        $this->assertSame('Ann', $this->session->get('skein.name'));
        $sid = $this->session->get('skein.sid');

        $app['events']->dispatch(new Logout('web', $user));
        $ended = array_filter(array_column(array_column($transport->sent()['commands'], 'disconnect'), 'session'));
        $this->assertSame([hash('sha256', $this->session->getId()), $sid], array_values($ended));
        $this->assertNull($this->session->get('skein'));
    }

    /** A shop whose staff log in beside their customer's account, in the same session, with ids of another table. */
    public function test_logins_of_another_guard_are_none(): void
    {
        $app = $this->site();
        $transport = $this->told($app);
        $admin = new GenericUser(['id' => 1, 'name' => 'Root']);
        $app['events']->dispatch(new Login('web', new GenericUser(['id' => 7, 'name' => 'Ann']), false));
        $mark = $this->session->get('skein');

        // As the middleware auth:admin does for its request.
        $app['config']->set('auth.defaults.guard', 'admin');
        $app['events']->dispatch(new Login('admin', $admin, false));
        $app['events']->dispatch(new Logout('admin', $admin));
        $app['events']->dispatch(new CurrentDeviceLogout('admin', $admin));
        $app['events']->dispatch(new OtherDeviceLogout('admin', $admin));

        $this->assertSame($mark, $this->session->get('skein'));
        $this->assertSame([], $transport->requests);
    }

    public function test_a_site_without_keys_logs_out_and_runs_artisan_all_the_same(): void
    {
        $app = $this->site(['api_key' => null]);
        $app['events']->dispatch(new Logout('web', new GenericUser(['id' => 1])));

        $this->assertCount(1, $this->reported);
        $this->assertStringContainsString('apiKey is empty', $this->reported[0]->getMessage());
        // routes/channels.php asks for it in every command.
        $this->assertInstanceOf(SkeinBroadcaster::class, $app->make(BroadcastManager::class)->driver());
    }
}
