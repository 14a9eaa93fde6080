<?php

declare(strict_types=1);

// Stand-ins for the few classes of ThinkPHP 6 and 8 that the package touches: ThinkPHP is in no Debian package, and
// tests have no other registry. They have the signatures of topthink/framework; what they do is what is needed here.
// Real behaviour of the framework is therefore not tested.

namespace think {
    class Config
    {
        public function __construct(private array $values)
        {
        }

        public function get(?string $name = null, mixed $default = null): mixed
        {
            $value = $this->values;

            foreach (explode('.', (string) $name) as $key) {
                if (! is_array($value) || ! array_key_exists($key, $value)) {
                    return $default;
                }

                $value = $value[$key];
            }

            return $value;
        }
    }

    class Session
    {
        public array $values = [];

        /** What other requests read: ThinkPHP writes the session when the page ends, or when told to. */
        public array $saved = [];

        public function getId(): string
        {
            return str_repeat('a', 32);
        }

        public function get(string $name, mixed $default = null): mixed
        {
            return (new Config($this->values))->get($name, $default);
        }

        public function set(string $name, mixed $value): void
        {
            $at = &$this->values;

            foreach (explode('.', $name) as $key) {
                $at = &$at[$key];
            }

            $at = $value;
        }

        public function delete(string $name): void
        {
            $keys = explode('.', $name);
            $last = array_pop($keys);
            $at = &$this->values;

            foreach ($keys as $key) {
                $at = &$at[$key];
            }

            unset($at[$last]);
        }

        public function save(): void
        {
            $this->saved = $this->values;
        }
    }

    class App
    {
        public Config $config;

        public Session $session;

        private array $bound = [];

        public function __construct(array $config, private string $rootPath = '/srv/shop/')
        {
            $this->config = new Config($config);
            $this->session = new Session();
        }

        public function bind(string|array $abstract, mixed $concrete = null): static
        {
            $this->bound[$abstract] = $concrete;

            return $this;
        }

        public function make(string $abstract): mixed
        {
            $concrete = $this->bound[$abstract] ?? null;

            return $this->bound[$abstract] = $concrete instanceof \Closure ? $concrete() : $concrete;
        }

        public function getRootPath(): string
        {
            return $this->rootPath;
        }

        public function getRuntimePath(): string
        {
            return $this->rootPath.'runtime/';
        }
    }

    abstract class Service
    {
        /** @var array<string, class-string> */
        public array $registered = [];

        public function __construct(protected App $app)
        {
        }

        protected function commands(array|string $commands): void
        {
            $this->registered = (array) $commands;
        }
    }
}

namespace think\console {
    class Input
    {
        /** @param  array<string, mixed>  $arguments */
        public function __construct(private array $options = [], private array $arguments = [])
        {
        }

        public function getArgument(string $name): mixed
        {
            return $this->arguments[$name] ?? null;
        }

        public function getOption(string $name): mixed
        {
            return $this->options[$name] ?? null;
        }
    }

    class Output
    {
        public array $lines = [];

        public function writeln(string $message, int $type = 0): void
        {
            $this->lines[] = $message;
        }
    }

    abstract class Command
    {
        protected ?\think\App $app = null;

        private string $name = '';

        public array $options = [];

        public function __construct()
        {
            $this->configure();
        }

        public function setApp(\think\App $app): void
        {
            $this->app = $app;
        }

        public function getName(): string
        {
            return $this->name;
        }

        public function run(Input $input, Output $output): int
        {
            return (int) $this->execute($input, $output);
        }

        protected function configure()
        {
        }

        protected function execute(Input $input, Output $output)
        {
        }

        protected function setName(string $name): static
        {
            $this->name = $name;

            return $this;
        }

        protected function setDescription(string $description): static
        {
            return $this;
        }

        protected function setHelp(string $help): static
        {
            return $this;
        }

        protected function addArgument(string $name, ?int $mode = null, string $description = '', mixed $default = null): static
        {
            return $this;
        }

        protected function addOption(string $name, ?string $shortcut = null, ?int $mode = null, string $description = '', mixed $default = null): static
        {
            $this->options[$name] = $mode;

            return $this;
        }
    }
}

namespace think\console\input {
    class Argument
    {
        public const REQUIRED = 1;
        public const OPTIONAL = 2;
        public const IS_ARRAY = 4;
    }

    class Option
    {
        public const VALUE_NONE = 1;
        public const VALUE_REQUIRED = 2;
        public const VALUE_OPTIONAL = 4;
        public const VALUE_IS_ARRAY = 8;
    }
}
