<?php

declare(strict_types=1);

namespace Skein\Server;

/**
 * Settings of the server as the environment variables it reads.
 *
 * Handed over in the environment and not as arguments, as everybody on the machine can read those.
 */
final class Environment
{
    /** Settings that have a short variable of their own; the long one beside it would be a contradiction. */
    private const SHORT = [
        'server.host' => 'SKEIN_HOST',
        'server.port' => 'SKEIN_PORT',
        'auth.api_keys' => 'SKEIN_API_KEY',
        'auth.token_hmac_secrets' => 'SKEIN_TOKEN_HMAC_SECRET',
    ];

    private const SECRET = '/KEY|SECRET|URL|PUSHER_APPS|SITES/';

    /**
     * @param  array<string, mixed>  $settings  By name: `server.port`, `limits.ping_interval`. Null leaves a setting alone
     * @return array<string, string>
     */
    public static function of(array $settings): array
    {
        $variables = [];

        foreach ($settings as $name => $value) {
            if ($value !== null && $value !== '' && $value !== []) {
                $variables[self::nameOf($name, $value)] = self::textOf($value);
            }
        }

        return $variables;
    }

    /**
     * What the server is started with: this process's environment, in which the site's settings replace those of the
     * same name.
     *
     * @param  array<string, string>  $variables
     * @return array<string, string>
     */
    public static function over(array $variables, array $environment): array
    {
        foreach (self::SHORT as $name => $short) {
            if (isset($variables[$short]) || isset($variables[self::longName($name)])) {
                unset($environment[$short], $environment[self::longName($name)]);
            }
        }

        // Of the one app there is without this list: beside it they would be a contradiction too.
        if (isset($variables['SKEIN_PUSHER_APPS'])) {
            unset($environment['SKEIN_PUSHER_APP_ID'], $environment['SKEIN_PUSHER_APP_KEY'], $environment['SKEIN_PUSHER_APP_SECRET']);
        }

        return $variables + array_filter($environment, 'is_string');
    }

    /** As lines to look at, secrets masked. @param  array<string, string>  $variables */
    public static function shown(array $variables): array
    {
        ksort($variables);
        $lines = [];

        foreach ($variables as $name => $value) {
            $lines[] = $name.'='.(preg_match(self::SECRET, $name) ? '********' : $value);
        }

        return $lines;
    }

    private static function nameOf(string $name, mixed $value): string
    {
        // The short variable of a list holds exactly one entry.
        return is_array($value) ? self::longName($name) : self::SHORT[$name] ?? self::longName($name);
    }

    private static function longName(string $name): string
    {
        return 'SKEIN_'.strtoupper(str_replace('.', '_', $name));
    }

    private static function textOf(mixed $value): string
    {
        return match (true) {
            is_bool($value) => $value ? 'true' : 'false',
            is_array($value) && is_array(reset($value)) => json_encode(array_values($value), JSON_THROW_ON_ERROR),
            is_array($value) => implode(',', $value),
            default => (string) $value,
        };
    }
}
