<?php

declare(strict_types=1);

namespace Skein\Laravel\Listeners;

use Closure;
use Illuminate\Auth\Events\CurrentDeviceLogout;
use Illuminate\Auth\Events\Login;
use Illuminate\Auth\Events\Logout;
use Illuminate\Auth\Events\OtherDeviceLogout;
use Illuminate\Auth\Events\PasswordReset;
use Illuminate\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Session\Session;
use Illuminate\Foundation\Application;
use Skein\Laravel\Identity;
use Skein\Laravel\SessionMark;
use Skein\Skein;
use Throwable;

/** Names the login when it begins, and ends its sockets with it. Logins of other guards in the same session do not count. */
final class KeepSessionMark
{
    /** @param  string  $guard  The one that counts. As configured: `auth:admin` on a route changes the default for its request */
    public function __construct(
        private readonly SessionMark $mark,
        private readonly string $guard,
    ) {
    }

    public function onLogin(Login $event): void
    {
        if (($session = $this->session()) && $event->guard === $this->guard) {
            $this->mark->put($session, $event->user);
        }
    }

    public function onLogout(Logout|CurrentDeviceLogout $event): void
    {
        if (($session = $this->session()) && $event->guard === $this->guard) {
            $sessions = $this->mark->forget($session);
            $this->afterwards(static fn (Skein $skein) => $skein->endSession(...$sessions));
        }
    }

    /** All devices: whoever knew the old password is out. */
    public function onPasswordReset(PasswordReset|OtherDeviceLogout $event): void
    {
        if ($event instanceof OtherDeviceLogout && $event->guard !== $this->guard) {
            return;
        }

        $user = Identity::idOf($event->user);
        $this->afterwards(static fn (Skein $skein) => $skein->endSessionsOf($user));
    }

    private function session(): ?Session
    {
        $app = $this->app();

        return $app->bound('request') && $app['request']->hasSession() ? $app['request']->session() : null;
    }

    /**
     * Once the page is answered: Laravel has then written the session, so whoever is closed and comes back is nobody.
     * And the visitor does not wait for a server that is down.
     *
     * @param  Closure(Skein): void  $end
     */
    private function afterwards(Closure $end): void
    {
        $app = $this->app();
        $app->runningInConsole() ? $this->attempt($end) : $app->terminating(fn () => $this->attempt($end));
    }

    /**
     * A server that is down, or keys that are missing, keep nobody from logging out. Where the server reads the sessions
     * it finds out by itself.
     */
    private function attempt(Closure $end): void
    {
        try {
            $end($this->app()->make(Skein::class));
        } catch (Throwable $exception) {
            $this->app()->make(ExceptionHandler::class)->report($exception);
        }
    }

    /** Not injected: under Octane each request has an application of its own, and the listener is the first one's. */
    private function app(): Application
    {
        return Container::getInstance();
    }
}
