<?php

declare(strict_types=1);

namespace Skein\ThinkPHP\Command;

use Skein\Server\Environment;
use Skein\Server\Program;
use Skein\ThinkPHP\SiteSettings;
use think\console\Command;
use think\console\Input;
use think\console\input\Option;
use think\console\Output;

/** php think websocket:serve */
class WebsocketServe extends Command
{
    protected function configure()
    {
        $this->setName('websocket:serve')
            ->setDescription('Start the Skein server with the settings of this site')
            ->addOption('host', null, Option::VALUE_REQUIRED, 'Address to listen on')
            ->addOption('port', null, Option::VALUE_REQUIRED, 'Port to listen on')
            ->addOption('dry-run', null, Option::VALUE_NONE, 'Show the settings the server would get, secrets masked');
    }

    protected function execute(Input $input, Output $output)
    {
        $given = array_filter([
            'server.host' => $input->getOption('host'),
            'server.port' => $input->getOption('port'),
        ], 'is_string');
        $variables = Environment::of($given + (new SiteSettings($this->app))->all());

        if (! isset($variables['SKEIN_SESSIONS_FRAMEWORK'])) {
            $output->writeln('Skein cannot read where this site keeps its sessions: pages sign in with a token (Login::token)');
        }

        if ($input->getOption('dry-run')) {
            array_map([$output, 'writeln'], Environment::shown($variables));

            return 0;
        }

        $command = array_values(array_filter((array) $this->app->config->get('skein.serve.program', ['npx', 'skein'])));

        return (new Program($command, Environment::over($variables, getenv()), $this->app->getRootPath()))->run();
    }
}
