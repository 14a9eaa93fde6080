<?php

declare(strict_types=1);

namespace Skein\Laravel\Console;

use Illuminate\Console\Command;
use Skein\Laravel\SiteSettings;
use Skein\Server\Environment;
use Skein\Server\Program;

/** php artisan websocket:run doctor */
class WebsocketRun extends Command
{
    protected $signature = 'websocket:run
                {words* : A command of Skein with what belongs to it}';

    protected $description = 'Run a command of Skein (doctor, whoami, backup …) with the settings of this site';

    protected $help = 'Options for Skein come behind two dashes: php artisan websocket:run whoami -- --cookie "…"';

    public function handle(SiteSettings $site): int
    {
        $program = array_values(array_filter((array) $this->laravel['config']->get('skein.serve.program')));
        $environment = Environment::over(Environment::of($site->all()), getenv());

        return (new Program($program, $environment, $this->laravel->basePath()))->run($this->argument('words'));
    }
}
