<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Foundation\Application;
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
        $driver = (string) $this->config->get('session.driver');
        $store = self::STORES[$driver] ?? null;

        // Sessions elsewhere (array, dynamodb, a cache store): pages then come with tokens.
        if ($store === null) {
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
            'sessions.guard' => $this->config->get('auth.defaults.guard', 'web'),
        ] + match ($store) {
            'files' => ['sessions.folder' => $this->config->get('session.files')],
            'redis' => $this->redis(),
            'memcached' => $this->memcached(),
            'database' => $this->database(),
            default => [],
        };
    }

    private function cipher(): string
    {
        return Str::upper((string) $this->config->get('app.cipher', 'AES-256-CBC'));
    }

    private function redis(): array
    {
        $connection = (array) $this->config->get('database.redis.'.($this->config->get('session.connection') ?: 'default'));

        return [
            'sessions.redis_urls' => [$this->redisUrl($connection)],
            'sessions.prefix' => ($connection['prefix'] ?? $this->config->get('database.redis.options.prefix', ''))
                .$this->cachePrefix('redis'),
        ];
    }

    private function redisUrl(array $connection): string
    {
        if (! empty($connection['url'])) {
            return (string) $connection['url'];
        }

        return sprintf(
            'redis://%s%s:%d/%d',
            $this->credentials($connection['username'] ?? null, $connection['password'] ?? null),
            $connection['host'] ?? '127.0.0.1',
            $connection['port'] ?? 6379,
            $connection['database'] ?? 0,
        );
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

    private function database(): array
    {
        $name = $this->config->get('session.connection') ?: $this->config->get('database.default');
        $connection = (array) $this->config->get("database.connections.$name");

        return [
            'sessions.database_url' => $this->databaseUrl($connection),
            'sessions.database_table' => ($connection['prefix'] ?? '').$this->config->get('session.table', 'sessions'),
        ];
    }

    private function databaseUrl(array $connection): string
    {
        if (! empty($connection['url'])) {
            return (string) $connection['url'];
        }

        if ($connection['driver'] === 'sqlite') {
            return 'sqlite://'.$connection['database'];
        }

        return sprintf(
            '%s://%s%s:%d/%s',
            $connection['driver'] === 'pgsql' ? 'postgres' : 'mysql',
            $this->credentials($connection['username'] ?? null, $connection['password'] ?? null),
            $connection['host'],
            $connection['port'],
            $connection['database'],
        );
    }

    private function credentials(?string $user, ?string $password): string
    {
        if (($user ?? '') === '' && ($password ?? '') === '') {
            return '';
        }

        return rawurlencode((string) $user).':'.rawurlencode((string) $password).'@';
    }
}
