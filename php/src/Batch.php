<?php

declare(strict_types=1);

namespace Skein;

/**
 * Calls collected to go out in one request.
 *
 *     $skein->send((new Batch())->publish('news', $item)->publish('ticker', $item)->disconnect(user: '42'))
 */
final class Batch
{
    /** @var list<array{string, array}> */
    private array $calls = [];

    /**
     * Adds a publication. Parameters as of `Skein::publish`.
     *
     * @param  array<string, string>  $tags
     */
    public function publish(
        string $channel,
        mixed $data,
        array $tags = [],
        ?string $idempotencyKey = null,
        ?string $exclude = null,
    ): self {
        return $this->call('publish', ['channel' => $channel] + Draft::of($data, $tags, $idempotencyKey, $exclude));
    }

    /** Adds the closing of connections. Parameters as of `Skein::disconnect`. */
    public function disconnect(?string $user = null, ?string $session = null, ?string $client = null): self
    {
        return $this->call('disconnect', array_filter(compact('user', 'session', 'client'), 'is_string'));
    }

    /** Adds taking a channel away from a user. */
    public function unsubscribe(string $user, string $channel): self
    {
        return $this->call('unsubscribe', compact('user', 'channel'));
    }

    /**
     * Adds any method of the server API. As of `Skein::call`, it may be repeated.
     *
     * @param  array<string, mixed>  $params
     */
    public function call(string $method, array $params): self
    {
        $this->calls[] = [$method, $params];

        return $this;
    }

    /**
     * @internal
     *
     * @return list<array{string, array}> method and parameters of each
     */
    public function calls(): array
    {
        return $this->calls;
    }
}
