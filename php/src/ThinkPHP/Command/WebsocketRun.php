<?php

declare(strict_types=1);

namespace Skein\ThinkPHP\Command;

use Skein\Server\Environment;
use Skein\Server\Program;
use Skein\ThinkPHP\SiteSettings;
use think\console\Command;
use think\console\Input;
use think\console\input\Argument;
use think\console\Output;

/** php think websocket:run doctor */
class WebsocketRun extends Command
{
    protected function configure()
    {
        $this->setName('websocket:run')
            ->setDescription('Run a command of Skein (doctor, whoami, backup …) with the settings of this site')
            ->setHelp('Options for Skein come behind two dashes: php think websocket:run whoami -- --cookie "…"')
            ->addArgument('words', Argument::IS_ARRAY | Argument::REQUIRED, 'A command of Skein with what belongs to it');
    }

    protected function execute(Input $input, Output $output)
    {
        $program = array_values(array_filter((array) $this->app->config->get('skein.serve.program', ['npx', 'skein'])));
        $environment = Environment::over(Environment::of((new SiteSettings($this->app))->all()), getenv());

        return (new Program($program, $environment, $this->app->getRootPath()))->run($input->getArgument('words'));
    }
}
