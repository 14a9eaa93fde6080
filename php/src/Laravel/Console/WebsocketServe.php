<?php

declare(strict_types=1);

namespace Skein\Laravel\Console;

use Illuminate\Console\Command;
use Skein\Laravel\SiteSettings;
use Skein\Server\Environment;
use Skein\Server\Program;

/** php artisan websocket:serve */
class WebsocketServe extends Command
{
    protected $signature = 'websocket:serve
                {--host= : Address to listen on}
                {--port= : Port to listen on}
                {--dry-run : Show the settings the server would get, secrets masked}';

    protected $description = 'Start the Skein server with the settings of this site';

    public function handle(SiteSettings $site): int
    {
        $given = array_filter([
            'server.host' => $this->option('host'),
            'server.port' => $this->option('port'),
        ], 'is_string');
        $variables = Environment::of($given + $site->all());

        if (! isset($variables['SKEIN_SESSIONS_FRAMEWORK'])) {
            $this->warn('Skein cannot read where this site keeps its sessions: pages sign in with a token (SkeinServiceProvider::routes)');
        }

        if ($this->option('dry-run')) {
            array_map([$this, 'line'], Environment::shown($variables));

            return self::SUCCESS;
        }

        $command = array_values(array_filter((array) $this->laravel['config']->get('skein.serve.program')));

        return (new Program($command, Environment::over($variables, getenv()), $this->laravel->basePath()))->run();
    }
}
