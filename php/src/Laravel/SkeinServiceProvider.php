<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Auth\Events\CurrentDeviceLogout;
use Illuminate\Auth\Events\Login;
use Illuminate\Auth\Events\Logout;
use Illuminate\Auth\Events\OtherDeviceLogout;
use Illuminate\Auth\Events\PasswordReset;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Queue\Events\JobExceptionOccurred;
use Illuminate\Queue\Events\JobProcessed;
use Illuminate\Queue\Events\JobProcessing;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\ServiceProvider;
use Skein\Config;
use Skein\Laravel\Console\WebsocketRun;
use Skein\Laravel\Console\WebsocketServe;
use Skein\Laravel\Listeners\KeepSessionMark;
use Skein\Pusher\ChannelAuthorizer;
use Skein\Skein;

/** Binds the client, the broadcasting driver `skein`, the commands, and what happens at login and logout. */
class SkeinServiceProvider extends ServiceProvider
{
    /** Register any application services. */
    public function register(): void
    {
        $this->mergeConfigFrom(__DIR__.'/../../config/skein.php', 'skein');

        $this->app->singleton(Skein::class, static fn (Application $app) => Skein::with(
            Config::fromArray((array) $app['config']->get('skein')),
        ));
        $this->app->singleton(JobKeys::class);
        $this->app->singleton(Identity::class, static fn (Application $app) => new Identity(
            (array) $app['config']->get('skein.name', []),
            (array) $app['config']->get('skein.avatar', []),
        ));
    }

    /** Bootstrap any application services. */
    public function boot(): void
    {
        $this->app->afterResolving(BroadcastManager::class, function (BroadcastManager $manager) {
            $manager->extend('skein', fn (Application $app) => $this->broadcaster($app));
        });
        $this->listen($this->app->make(Dispatcher::class));

        if ($this->app->runningInConsole()) {
            $this->commands([WebsocketServe::class, WebsocketRun::class]);
            $this->publishes([__DIR__.'/../../config/skein.php' => $this->app->configPath('skein.php')], 'skein-config');
        }
    }

    /** `GET /skein/token`, for pages: `{"token": "…"}`. Call it in routes/web.php. */
    public static function routes(string $path = 'skein/token', array $middleware = ['web']): void
    {
        Route::get($path, TokenController::class)->middleware($middleware)->name('skein.token');
    }

    private function broadcaster(Application $app): SkeinBroadcaster
    {
        $pusher = (array) $app['config']->get('skein.pusher');
        $hasApp = ! empty($pusher['key']) && ! empty($pusher['secret']);

        return new SkeinBroadcaster(
            static fn () => $app->make(Skein::class),
            $app->make(JobKeys::class),
            $hasApp ? new ChannelAuthorizer((string) $pusher['key'], (string) $pusher['secret']) : null,
            (int) $app['config']->get('skein.token_ttl', 3600),
        );
    }

    private function listen(Dispatcher $events): void
    {
        $keys = fn (): JobKeys => $this->app->make(JobKeys::class);
        $events->listen(JobProcessing::class, static fn ($event) => $keys()->begin($event->job, $event->job->uuid()));
        $events->listen(
            [JobProcessed::class, JobExceptionOccurred::class],
            static fn ($event) => $keys()->end($event->job),
        );

        $guard = $this->app->make(SiteSettings::class)->guard();
        $this->app->when(KeepSessionMark::class)->needs('$guard')->give($guard);
        $events->listen(Login::class, [KeepSessionMark::class, 'onLogin']);
        $events->listen([Logout::class, CurrentDeviceLogout::class], [KeepSessionMark::class, 'onLogout']);
        $events->listen([PasswordReset::class, OtherDeviceLogout::class], [KeepSessionMark::class, 'onPasswordReset']);
    }
}
