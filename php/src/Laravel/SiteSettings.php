<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Support\ConfigurationUrlParser;
use Illuminate\Support\Str;

/** The server's settings as this site's configuration has them. */
final class SiteSettings
{
    private const STORES = [
        'file' => 'files',
        'redis' => 'redis',
        'memcached' => 'memcached',
        'database' => 'database',
        'cookie' => 'cookie',
    ];

    private const DATABASES = ['mysql' => 'mysql', 'mariadb' => 'mysql', 'pgsql' => 'postgres'];

    private const PORTS = ['mysql' => 3306, 'postgres' => 5432];

    public function __construct(
        private readonly Application $app,
        private readonly Repository $config,
    ) {
    }

    /** @return array<string, mixed> by the server's names; null leaves a setting alone */
    public function all(): array
    {
        $serve = (array) $this->config->get('skein.serve');

        return (array) ($serve['settings'] ?? []) + [
            'server.host' => $serve['host'] ?? null,
            'server.port' => $serve['port'] ?? null,
            'server.origins' => array_values(array_map([$this, 'originOf'], (array) ($serve['origins'] ?? []))),
            'data' => ($serve['data'] ?? '') ?: $this->app->storagePath().'/skein',
            'auth.api_keys' => $this->config->get('skein.api_key'),
            'auth.token_hmac_secrets' => $this->config->get('skein.token_secret'),
            'pusher_apps' => $this->pusherApps(),
        ] + $this->sessions();
    }

    /** APP_URL may have a path; an origin has none. */
    private function originOf(string $url): string
    {
        return preg_replace('#^(https?://[^/]+).*$#i', '$1', $url);
    }

    private function pusherApps(): array
    {
        ['id' => $id, 'key' => $key, 'secret' => $secret] = (array) $this->config->get('skein.pusher') + ['id' => '', 'key' => '', 'secret' => ''];

        return $key && $secret ? [['id' => (string) $id, 'key' => (string) $key, 'secret' => (string) $secret]] : [];
    }

    /** How to read the login sessions, so that the cookie of this site is the identity. */
    private function sessions(): array
    {
        $store = self::STORES[(string) $this->config->get('session.driver')] ?? null;
        $place = match ($store) {
            'files' => ['sessions.folder' => $this->config->get('session.files')],
            'redis' => $this->redis(),
            'memcached' => $this->memcached(),
            'database' => $this->database(),
            'cookie' => [],
            default => null,
        };

        // Sessions elsewhere (array, dynamodb, a Redis cluster, SQL Server): the command says so, and pages come with tokens.
        if ($place === null) {
            return [];
        }

        return [
            'sessions.framework' => 'laravel',
            'sessions.store' => $store,
            'sessions.cookie' => $this->config->get('session.cookie'),
            'sessions.app_key' => $this->config->get('app.key'),
            'sessions.previous_keys' => (array) $this->config->get('app.previous_keys', []),
            'sessions.cipher' => $this->cipher(),
            'sessions.encrypt' => (bool) $this->config->get('session.encrypt', false),
            'sessions.serialization' => $this->config->get('session.serialization', 'php'),
            'sessions.lifetime' => ((int) $this->config->get('session.lifetime', 120)).'m',
            'sessions.guard' => $this->guard(),
        ] + $place;
    }

    /** The guard whose logins count: the default one, unless that is one for APIs, which are not in the session. */
    public function guard(): string
    {
        if ($chosen = ((array) $this->config->get('skein.serve.settings'))['sessions.guard'] ?? null) {
            return (string) $chosen;
        }

        $default = (string) $this->config->get('auth.defaults.guard', 'web');
        $guards = (array) $this->config->get('auth.guards', []);
        $inSession = array_keys(array_filter($guards, static fn ($guard) => ($guard['driver'] ?? null) === 'session'));

        return $inSession === [] || in_array($default, $inSession, true) ? $default : (string) $inSession[0];
    }

    private function cipher(): string
    {
        return Str::upper((string) $this->config->get('app.cipher', 'AES-256-CBC'));
    }

    /** @return array<string, mixed>|null null: a cluster, or values in a form that phpredis alone knows */
    private function redis(): ?array
    {
        $name = $this->config->get('session.connection') ?: 'default';
        $connection = $this->connection($this->config->get("database.redis.$name"));

        $options = (array) ($connection['options'] ?? []) + (array) $this->config->get('database.redis.options');

        if ($connection === [] || ! empty($options['serializer']) || ! empty($options['compression'])) {
            return null;
        }

        $prefix = $connection['prefix'] ?? $options['prefix'] ?? '';

        return [
            'sessions.redis_urls' => [$this->redisUrl($connection)],
            'sessions.prefix' => $prefix.$this->cachePrefix('redis'),
        ];
    }

    private function redisUrl(array $connection): string
    {
        [$host, $isTls] = $this->redisHost($connection);
        $user = (string) ($connection['username'] ?? '');
        $password = (string) ($connection['password'] ?? '');
        $database = (int) ($connection['database'] ?? 0);

        if (str_starts_with($host, '/')) {
            $auth = $user === '' ? $password : ['user' => $user, 'pass' => $password];

            return "unix://$host?".http_build_query(compact('database') + ($auth === '' ? [] : compact('auth')));
        }

        return sprintf(
            '%s://%s%s:%d/%d',
            $isTls ? 'rediss' : 'redis',
            $this->credentials($user, $password),
            $host,
            ($connection['port'] ?? 0) ?: 6379,
            $database,
        );
    }

    /**
     * phpredis takes TLS as a scheme or as part of the host, and a socket as the host; Predis takes it as a path.
     *
     * @return array{string, bool} the host or the path of the socket, and whether TLS is spoken
     */
    private function redisHost(array $connection): array
    {
        preg_match('#^(?:(tcp|tls|unix)://)?(.*)$#s', (string) ($connection['host'] ?? '127.0.0.1'), $parts);
        $scheme = $parts[1] ?: ($connection['scheme'] ?? $connection['driver'] ?? 'tcp');

        return [$scheme === 'unix' ? (string) ($connection['path'] ?? $parts[2]) : $parts[2], $scheme === 'tls'];
    }

    private function memcached(): array
    {
        $servers = (array) $this->config->get('cache.stores.memcached.servers', []);

        return [
            'sessions.memcached_servers' => array_map(static fn (array $s) => "{$s['host']}:{$s['port']}", $servers),
            'sessions.prefix' => $this->cachePrefix('memcached'),
        ];
    }

    /** Asked of Laravel itself: its versions differ in what they add to `cache.prefix`. */
    private function cachePrefix(string $store): string
    {
        if ($own = $this->config->get('session.prefix')) {
            return (string) $own;
        }

        $name = $this->config->get('session.store') ?: $store;

        return $this->app->make('cache')->store($name)->getStore()->getPrefix();
    }

    /** @return array<string, mixed>|null null: a kind of database that Skein does not read */
    private function database(): ?array
    {
        $name = $this->config->get('session.connection') ?: $this->config->get('database.default');
        $connection = $this->connection($this->config->get("database.connections.$name"));
        $url = $this->databaseUrl($connection);

        return $url === null ? null : [
            'sessions.database_url' => $url,
            'sessions.database_table' => ($connection['prefix'] ?? '').$this->config->get('session.table', 'sessions'),
        ];
    }

    private function databaseUrl(array $connection): ?string
    {
        if (($connection['driver'] ?? null) === 'sqlite') {
            return 'sqlite://'.implode('/', array_map('rawurlencode', explode('/', (string) $connection['database'])));
        }

        $scheme = self::DATABASES[$connection['driver'] ?? ''] ?? null;

        // Of several servers the one that is written to: a replica may lag behind a login.
        $server = array_merge($connection, (array) ($connection['write'] ?? []));
        $host = (string) ((array) ($server['host'] ?? '127.0.0.1'))[0];

        return $scheme === null ? null : sprintf(
            '%s://%s%s:%d/%s%s',
            $scheme,
            $this->credentials($server['username'] ?? null, $server['password'] ?? null),
            // The folder of PostgreSQL's socket stands behind: an address has no place for it.
            match (true) {
                str_starts_with($host, '/') => 'localhost',
                str_contains($host, ':') => '['.trim($host, '[]').']',
                default => $host,
            },
            ($server['port'] ?? 0) ?: self::PORTS[$scheme],
            rawurlencode((string) ($server['database'] ?? '')),
            match (true) {
                str_starts_with($host, '/') => '?host='.rawurlencode($host),
                ! empty($server['unix_socket']) => '?socketPath='.rawurlencode((string) $server['unix_socket']),
                default => '',
            },
        );
    }

    /** A connection as Laravel itself understands it: what its `url` says replaces the rest. */
    private function connection(mixed $settings): array
    {
        return (new ConfigurationUrlParser())->parseConfiguration((array) $settings);
    }

    private function credentials(?string $user, ?string $password): string
    {
        if (($user ?? '') === '' && ($password ?? '') === '') {
            return '';
        }

        return rawurlencode((string) $user).':'.rawurlencode((string) $password).'@';
    }
}
