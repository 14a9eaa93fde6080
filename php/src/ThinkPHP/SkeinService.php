<?php

declare(strict_types=1);

namespace Skein\ThinkPHP;

use Skein\Config;
use Skein\Skein;
use Skein\ThinkPHP\Command\WebsocketRun;
use Skein\ThinkPHP\Command\WebsocketServe;
use think\Service;

/** ThinkPHP 6 and 8. Composer's `extra.think.services` registers it. */
class SkeinService extends Service
{
    public function register(): void
    {
        $this->app->bind(Skein::class, fn () => Skein::with(
            Config::fromArray((array) $this->app->config->get('skein', [])),
        ));
    }

    public function boot(): void
    {
        $this->commands(['websocket:serve' => WebsocketServe::class, 'websocket:run' => WebsocketRun::class]);
    }
}
