<?php

declare(strict_types=1);

namespace Skein\ThinkPHP;

use think\App;

/** The server's settings as this site's configuration has them. */
class SiteSettings
{
    public function __construct(private readonly App $app)
    {
    }

    /** @return array<string, mixed> by the server's names; null and empty leave a setting alone */
    public function all(): array
    {
        $skein = (array) $this->app->config->get('skein', []);
        $serve = (array) ($skein['serve'] ?? []);
        $pusher = (array) ($skein['pusher'] ?? []);

        return (array) ($serve['settings'] ?? []) + [
            'server.host' => $serve['host'] ?? null,
            'server.port' => $serve['port'] ?? null,
            'server.origins' => array_values((array) ($serve['origins'] ?? [])),
            'data' => ($serve['data'] ?? '') ?: $this->app->getRuntimePath().'skein',
            'auth.api_keys' => $skein['api_key'] ?? null,
            'auth.token_hmac_secrets' => $skein['token_secret'] ?? null,
            'pusher_apps' => empty($pusher['key']) || empty($pusher['secret']) ? [] : [$pusher],
        ] + $this->sessions();
    }

    /**
     * Where in the session the user's id may be: `user_path` of config/skein.php.
     *
     * @return list<string>
     */
    public static function userPaths(App $app): array
    {
        return array_values((array) $app->config->get('skein.user_path', 'user_id'));
    }

    /** How to read the login sessions, so that the cookie of this site is the identity. */
    private function sessions(): array
    {
        $session = (array) $this->app->config->get('session', []);
        $common = [
            'sessions.framework' => 'thinkphp',
            'sessions.cookie' => $session['name'] ?? 'PHPSESSID',
            'sessions.user_path' => self::userPaths($this->app),
            'sessions.serialization' => in_array('json_encode', (array) ($session['serialize'] ?? []), true) ? 'json' : 'php',
        ];

        return match (strtolower((string) ($session['type'] ?? 'file'))) {
            'file' => $common + $this->files($session),
            'cache' => $this->cache($common, $session),
            // A driver of the site's own: pages then come with tokens.
            default => [],
        };
    }

    private function files(array $session): array
    {
        return [
            'sessions.store' => 'files',
            'sessions.folder' => rtrim(($session['path'] ?? '') ?: $this->app->getRuntimePath().'session', '/'),
            'sessions.prefix' => $session['prefix'] ?? '',
            'sessions.compressed' => (bool) ($session['data_compress'] ?? false),
            'sessions.lifetime' => ((int) ($session['expire'] ?? 1440)).'s',
        ];
    }

    private function cache(array $common, array $session): array
    {
        $name = ($session['store'] ?? '') ?: $this->app->config->get('cache.default', 'file');
        $store = (array) $this->app->config->get("cache.stores.$name", []);
        $prefix = ($store['prefix'] ?? '').($session['prefix'] ?? '');

        return match (strtolower((string) ($store['type'] ?? ''))) {
            'redis' => $common + [
                'sessions.store' => 'redis',
                'sessions.redis_urls' => [$this->redisUrl($store)],
                'sessions.prefix' => $prefix,
            ],
            'memcached' => $common + [
                'sessions.store' => 'memcached',
                'sessions.memcached_servers' => $this->memcachedServers($store),
                'sessions.prefix' => $prefix,
            ],
            'file' => $common + [
                'sessions.store' => 'cache_files',
                // The cache's prefix is a folder, the session's part of the name.
                'sessions.folder' => rtrim(
                    rtrim(($store['path'] ?? '') ?: $this->app->getRuntimePath().'cache', '/').'/'.($store['prefix'] ?? ''),
                    '/',
                ),
                'sessions.prefix' => $session['prefix'] ?? '',
                'sessions.compressed' => (bool) ($store['data_compress'] ?? false),
            ],
            default => [],
        };
    }

    /** @return list<string> hosts and ports may be lists, of which the second may be shorter */
    private function memcachedServers(array $store): array
    {
        $hosts = array_values((array) ($store['host'] ?? '127.0.0.1'));
        $ports = array_values(array_filter((array) ($store['port'] ?? 11211))) ?: [11211];

        return array_map(static fn (string $host, int $at) => "$host:".($ports[$at] ?? $ports[0]), $hosts, array_keys($hosts));
    }

    private function redisUrl(array $store): string
    {
        $password = (string) ($store['password'] ?? '');

        return sprintf(
            'redis://%s%s:%d/%d',
            $password === '' ? '' : ':'.rawurlencode($password).'@',
            $store['host'] ?? '127.0.0.1',
            $store['port'] ?? 6379,
            $store['select'] ?? 0,
        );
    }
}
