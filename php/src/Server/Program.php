<?php

declare(strict_types=1);

namespace Skein\Server;

use RuntimeException;

/** Skein's own program, started from a console command of the site. */
final class Program
{
    /**
     * @param  list<string>  $command  What starts it: ["npx", "skein"], or ["node", "/opt/skein/server/bin/skein.mjs"]
     * @param  array<string, string>  $environment  The whole of it
     */
    public function __construct(
        private readonly array $command,
        private readonly array $environment,
        private readonly string $folder,
    ) {
    }

    /**
     * Runs one of its commands until it ends: the server, unless something else is asked for.
     *
     * With ext-pcntl this process becomes the server: signals of a supervisor reach it directly. Otherwise it
     * waits, and the terminal's Ctrl-C reaches both; a supervisor must then signal the whole group of processes.
     *
     * @param  list<string>  $words  The command and its arguments: ["doctor"]
     * @return int its exit code
     */
    public function run(array $words = ['serve']): int
    {
        $command = [...$this->command, ...$words];
        $command[0] = $this->find($command[0]);
        chdir($this->folder);

        if (function_exists('pcntl_exec')) {
            // Whatever is still to be printed would be lost with this process.
            flush();
            pcntl_exec($command[0], array_slice($command, 1), $this->environment);

            throw new RuntimeException("{$command[0]} could not be started: ".pcntl_strerror(pcntl_get_last_error()));
        }

        $process = proc_open($command, [STDIN, STDOUT, STDERR], $pipes, $this->folder, $this->environment);

        return is_resource($process)
            ? proc_close($process)
            : throw new RuntimeException("{$command[0]} could not be started");
    }

    /** A program without a path is looked for where a shell would. */
    private function find(string $program): string
    {
        if (str_contains($program, '/')) {
            return $program;
        }

        foreach (explode(PATH_SEPARATOR, $this->environment['PATH'] ?? (string) getenv('PATH')) as $folder) {
            if (is_executable("$folder/$program")) {
                return "$folder/$program";
            }
        }

        throw new RuntimeException(
            "there is no program \"$program\" in PATH. Say what starts Skein, for example node /opt/skein/server/bin/skein.mjs",
        );
    }
}
