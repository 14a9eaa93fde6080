<?php

declare(strict_types=1);

namespace Skein\Webhooks;

use Skein\Exceptions\InvalidSignatureException;

/**
 * A request of the server to the site, checked. Deliveries are repeated until answered with 2xx, so the same
 * delivery may come twice: `id` stays the same.
 */
final class Webhook
{
    /** @param  list<Event>  $events */
    private function __construct(
        public readonly ?string $id,
        public readonly int $timeMs,
        public readonly array $events,
    ) {
    }

    /**
     * @param  array<string, string|list<string>>  $headers  As `getallheaders()`, Laravel or PSR-7 give them; case does not matter
     * @param  string  $body  The raw body: decoding and encoding it again changes the signature
     * @param  array<string, string>  $secrets  Of the Pusher app: key => secret
     *
     * @throws InvalidSignatureException
     */
    public static function verify(array $headers, string $body, #[\SensitiveParameter] array $secrets): self
    {
        $headers = self::lowerCased($headers);
        $secret = $secrets[$headers['x-pusher-key'] ?? ''] ?? null;

        if ($secret === null || $secret === '') {
            throw new InvalidSignatureException('X-Pusher-Key is missing or names a key that this site does not know');
        }

        if (! hash_equals(hash_hmac('sha256', $body, $secret), $headers['x-pusher-signature'] ?? '')) {
            throw new InvalidSignatureException(
                'X-Pusher-Signature does not match: the secret differs from the server\'s, or the body was changed on its way',
            );
        }

        $content = json_decode($body, true);

        if (! is_array($content) || ! is_array($content['events'] ?? null)) {
            throw new InvalidSignatureException('the body is signed, but it is no webhook: expected time_ms and events');
        }

        return new self(
            $headers['x-skein-delivery'] ?? null,
            (int) ($content['time_ms'] ?? 0),
            array_map(Event::in(...), array_values(array_filter($content['events'], 'is_array'))),
        );
    }

    /** @return array<string, string> */
    private static function lowerCased(array $headers): array
    {
        $lower = [];

        foreach ($headers as $name => $value) {
            $lower[strtolower((string) $name)] = (string) (is_array($value) ? reset($value) : $value);
        }

        return $lower;
    }
}
