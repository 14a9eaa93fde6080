<?php

declare(strict_types=1);

namespace Skein\Laravel\Listeners;

use Illuminate\Auth\Events\CurrentDeviceLogout;
use Illuminate\Auth\Events\Login;
use Illuminate\Auth\Events\Logout;
use Illuminate\Auth\Events\OtherDeviceLogout;
use Illuminate\Auth\Events\PasswordReset;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Foundation\Application;
use Skein\Exceptions\SkeinException;
use Skein\Laravel\Identity;
use Skein\Laravel\SessionMark;
use Skein\Skein;

/** Names the login when it begins, and ends its sockets with it. */
final class KeepSessionMark
{
    public function __construct(
        private readonly Application $app,
        private readonly SessionMark $mark,
    ) {
    }

    public function onLogin(Login $event): void
    {
        if ($this->hasSession()) {
            $this->mark->put($this->app['request']->session(), $event->user);
        }
    }

    public function onLogout(Logout|CurrentDeviceLogout $event): void
    {
        if ($this->hasSession()) {
            $sessions = $this->mark->forget($this->app['request']->session());
            $this->attempt(static fn (Skein $skein) => $skein->endSession(...$sessions));
        }
    }

    /** All devices: whoever knew the old password is out. */
    public function onPasswordReset(PasswordReset|OtherDeviceLogout $event): void
    {
        $this->attempt(fn (Skein $skein) => $skein->endSessionsOf(Identity::idOf($event->user)));
    }

    private function hasSession(): bool
    {
        return $this->app->bound('request') && $this->app['request']->hasSession();
    }

    /** Nobody is kept from logging out because the server is down; its sockets are closed then anyway. */
    private function attempt(callable $end): void
    {
        try {
            $end($this->app->make(Skein::class));
        } catch (SkeinException $exception) {
            $this->app->make(ExceptionHandler::class)->report($exception);
        }
    }
}
