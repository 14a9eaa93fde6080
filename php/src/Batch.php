<?php

declare(strict_types=1);

namespace Skein;

/** Calls collected to go out in one request. */
final class Batch
{
    /** @var list<array{string, array}> */
    private array $calls = [];

    public function publish(
        string $channel,
        mixed $data,
        array $tags = [],
        ?string $idempotencyKey = null,
        ?string $exclude = null,
    ): self {
        return $this->call('publish', ['channel' => $channel] + Draft::of($data, $tags, $idempotencyKey, $exclude));
    }

    public function disconnect(?string $user = null, ?string $session = null, ?string $client = null): self
    {
        return $this->call('disconnect', array_filter(compact('user', 'session', 'client'), 'is_string'));
    }

    public function unsubscribe(string $user, string $channel): self
    {
        return $this->call('unsubscribe', compact('user', 'channel'));
    }

    /** Any method of the server API. */
    public function call(string $method, array $params): self
    {
        $this->calls[] = [$method, $params];

        return $this;
    }

    /** @return list<array{string, array}> */
    public function calls(): array
    {
        return $this->calls;
    }
}
