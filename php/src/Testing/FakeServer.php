<?php

declare(strict_types=1);

namespace Skein\Testing;

use Skein\Client;
use Skein\Config;
use Skein\Http\Request;
use Skein\Http\Response;
use Skein\Http\Transport;
use Skein\Skein;

/**
 * Takes every call and says that it is done: for the tests of a site.
 *
 *     $server = new FakeServer();
 *     $this->app->instance(Skein::class, $server->skein());
 *     …
 *     $this->assertSame('stream:news', $server->called('publish')[0]['channel']);
 */
final class FakeServer implements Transport
{
    /** @var list<array{string, array<string, mixed>}> Method and parameters in the order of the calls, also those of batches */
    public array $calls = [];

    private int $offset = 0;

    /** A client of this server. Tokens are signed with a secret of its own. */
    public function skein(): Skein
    {
        $config = new Config('http://skein.fake', 'fake-api-key', 'fake-token-secret');

        return new Skein($config, new Client($config, $this));
    }

    /**
     * The parameters of every call of a method. Those of the chat are methods too: `chat.post`, `chat.members.add`.
     *
     * @return list<array<string, mixed>>
     */
    public function called(string $method): array
    {
        $calls = array_filter($this->calls, static fn (array $call) => $call[0] === $method);

        return array_values(array_column($calls, 1));
    }

    public function send(Request $request): Response
    {
        $method = basename((string) parse_url($request->url, PHP_URL_PATH));
        $params = json_decode($request->body, true, flags: JSON_THROW_ON_ERROR);
        $answer = $method === 'batch'
            ? ['replies' => array_map(fn (array $command) => $this->replyTo($command), $params['commands'])]
            : ['result' => $this->done($method, $params)];

        return new Response(200, json_encode($answer, JSON_THROW_ON_ERROR));
    }

    private function replyTo(array $command): array
    {
        $method = (string) array_key_first($command);

        return [$method => $this->done($method, $command[$method])];
    }

    private function done(string $method, array $params): array
    {
        if ($method === 'rpc') {
            $this->calls[] = [$params['method'], $params['params'] ?? []];

            return ['data' => $this->chatAnswer($params['method'], $params['params'] ?? [])];
        }

        $this->calls[] = [$method, $params];

        return match ($method) {
            'publish' => $this->position(),
            'broadcast' => ['responses' => array_map(fn () => ['result' => $this->position()], $params['channels'])],
            'history' => ['publications' => [], 'offset' => $this->offset, 'epoch' => 'fake'],
            default => [],
        };
    }

    private function position(): array
    {
        return ['offset' => ++$this->offset, 'epoch' => 'fake'];
    }

    private function chatAnswer(string $method, array $params): array
    {
        return match ($method) {
            'chat.post' => ['message' => [
                'id' => 'fake.'.++$this->offset,
                'conversation_id' => 'fake',
                'seq' => $this->offset,
                'sender_id' => $params['as']['id'] ?? '_site',
                'body' => $params['text'] ?? '',
                'created_at' => time() * 1000,
            ]],
            'chat.rooms.create' => ['conversation' => [
                'id' => 'fake',
                'slug' => $params['slug'] ?? 'fake',
                'name' => $params['name'],
                'member_count' => isset($params['owner']) ? 1 : 0,
            ]],
            'chat.members.add' => ['joined' => true],
            'chat.members.remove' => ['left' => true],
            default => [],
        };
    }
}
