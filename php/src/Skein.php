<?php

declare(strict_types=1);

namespace Skein;

use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestFactoryInterface;
use Psr\Http\Message\StreamFactoryInterface;
use Skein\Chat\Chat;
use Skein\Exceptions\NotAvailableException;
use Skein\Exceptions\NotFoundException;
use Skein\Exceptions\RefusedException;
use Skein\Exceptions\SkeinException;
use Skein\Exceptions\UnrecoverablePositionException;
use Skein\Http\Psr18Transport;
use Skein\Tokens\Tokens;

/**
 * The server, as a site's back end sees it.
 *
 * Every method throws a SkeinException when the server did not do what was asked: a RefusedException of some kind when
 * it said no, a ConnectionException when it did not answer.
 */
final class Skein
{
    private ?Tokens $tokens = null;

    public function __construct(
        private readonly Config $config,
        private readonly Client $client,
    ) {
    }

    /** The short way: `Skein::connect('http://127.0.0.1:8080', $apiKey)`. Connects when something is first sent. */
    public static function connect(
        string $url,
        #[\SensitiveParameter] string $apiKey,
        #[\SensitiveParameter] ?string $tokenSecret = null,
    ): self {
        return self::with(new Config($url, $apiKey, $tokenSecret));
    }

    /** With timeouts, attempts or claims of your own. */
    public static function with(Config $config): self
    {
        return new self($config, new Client($config));
    }

    /** Sends through a PSR-18 client of yours. Many libraries have one class that is both factories. */
    public static function through(
        Config $config,
        ClientInterface $client,
        RequestFactoryInterface $requests,
        StreamFactoryInterface $streams,
    ): self {
        return new self($config, new Client($config, new Psr18Transport($client, $requests, $streams)));
    }

    /**
     * Publishes to a channel. When it returns, the publication is kept (in channels with history) and on its way.
     *
     * @param  mixed  $data  Anything JSON can say
     * @param  array<string, string>  $tags  Travel beside the data. `event` is the name that Pusher clients see
     * @param  string|null  $idempotencyKey  Up to 128 characters; the same key publishes once, however often it is sent
     * @param  string|null  $exclude  Connection that gets nothing: a client id, or a Pusher socket id
     * @return Position|null null for channels without history
     */
    public function publish(
        string $channel,
        mixed $data,
        array $tags = [],
        ?string $idempotencyKey = null,
        ?string $exclude = null,
    ): ?Position {
        $params = ['channel' => $channel] + Draft::of($data, $tags, $idempotencyKey, $exclude);

        return Position::in($this->client->call('publish', $params));
    }

    /**
     * Publishes the same to many channels.
     *
     * @param  list<string>  $channels
     * @return array<string, Position|RefusedException|null> by channel; one that was refused does not stop the others
     */
    public function broadcast(
        array $channels,
        mixed $data,
        array $tags = [],
        ?string $idempotencyKey = null,
        ?string $exclude = null,
    ): array {
        $channels = array_values(array_unique($channels));
        $params = ['channels' => $channels] + Draft::of($data, $tags, $idempotencyKey, $exclude);
        $responses = $this->client->call('broadcast', $params)['responses'] ?? [];
        $outcomes = [];

        foreach ($channels as $at => $channel) {
            $response = $responses[$at] ?? ['error' => ['code' => 100, 'message' => 'no answer for this channel']];
            $outcomes[$channel] = isset($response['error'])
                ? $this->client->errorIn($response['error'])
                : Position::in((array) ($response['result'] ?? []));
        }

        return $outcomes;
    }

    /**
     * Several calls in one request, in order.
     *
     * @return list<array<string, mixed>|RefusedException> one per call
     */
    public function send(Batch $batch): array
    {
        return $this->client->batch($batch->calls());
    }

    /**
     * Reads what a channel has kept, oldest first.
     *
     * @param  int  $limit  Publications at most; 0 asks for the position only
     * @param  Position|null  $since  Only what came after it (or before, in reverse)
     *
     * @throws UnrecoverablePositionException when the history no longer reaches back to `$since`
     */
    public function history(string $channel, int $limit = 100, ?Position $since = null, bool $reverse = false): History
    {
        $result = $this->client->call('history', [
            'channel' => $channel,
            'limit' => $limit,
            'reverse' => $reverse,
            ...($since === null ? [] : ['since' => ['offset' => $since->offset, 'epoch' => $since->epoch]]),
        ]);

        $history = new History(
            array_map(Publication::in(...), array_values($result['publications'] ?? [])),
            new Position((int) ($result['offset'] ?? 0), (string) ($result['epoch'] ?? '')),
        );

        if ($since !== null && ! $reverse && $limit !== 0) {
            $history->ensureFollows($since);
        }

        return $history;
    }

    /** Forgets what a channel has kept. Pages that are away and come back are told that they missed something. */
    public function removeHistory(string $channel): void
    {
        $this->client->call('history_remove', ['channel' => $channel]);
    }

    /**
     * Who is in a channel now.
     *
     * @return list<PresentClient>
     *
     * @throws NotAvailableException when the channel's rule has no presence
     */
    public function presence(string $channel): array
    {
        $present = $this->client->call('presence', ['channel' => $channel])['presence'] ?? [];

        return array_map(PresentClient::in(...), array_values($present));
    }

    /**
     * How many are in a channel now: connections, and the people behind them.
     *
     * @return array{clients: int, users: int}
     */
    public function presenceStats(string $channel): array
    {
        $stats = $this->client->call('presence_stats', ['channel' => $channel]);

        return ['clients' => (int) ($stats['num_clients'] ?? 0), 'users' => (int) ($stats['num_users'] ?? 0)];
    }

    /**
     * Channels with subscribers, and how many connections each has.
     *
     * @param  string  $pattern  `*` stands for anything; empty means all
     * @return array<string, int>
     */
    public function channels(string $pattern = ''): array
    {
        $channels = $this->client->call('channels', $pattern === '' ? [] : ['pattern' => $pattern])['channels'] ?? [];

        return array_map(static fn (array $channel) => (int) ($channel['num_clients'] ?? 0), $channels);
    }

    /** Takes a channel away from a user on all devices. */
    public function unsubscribe(string $user, string $channel): void
    {
        $this->client->call('unsubscribe', compact('user', 'channel'));
    }

    /**
     * Closes connections for good: their clients do not come back by themselves. At least one must be given.
     *
     * @param  string|null  $session  The `sid` of your tokens
     */
    public function disconnect(?string $user = null, ?string $session = null, ?string $client = null): void
    {
        $this->client->call('disconnect', array_filter(compact('user', 'session', 'client'), 'is_string'));
    }

    /**
     * Call it at logout: closes the login's connections and ends the chat logins made with it.
     *
     * @param  string  ...$sessions  The `sid` that the login's tokens carry. Where the server reads your PHP sessions
     *                               itself, a session is called `hash('sha256', session_id())`
     */
    public function endSession(string ...$sessions): void
    {
        $this->end(array_map(static fn (string $session) => ['session' => $session], $sessions));
    }

    /**
     * Call it after a ban or a changed password: all that this user has open now is closed, on all devices, and tokens made
     * before open nothing any more. Whoever still has a session of the site gets a new one: end those as well.
     */
    public function endSessionsOf(string $user): void
    {
        $this->end([['user' => $user]]);
    }

    /** What pages show to the server: made here, without asking it. */
    public function tokens(): Tokens
    {
        return $this->tokens ??= new Tokens($this->config);
    }

    /** The chat, in the site's name. */
    public function chat(): Chat
    {
        return new Chat($this->client);
    }

    /**
     * Any method of the server API, for those that have no method here. It is repeated like all others when no answer
     * came, so what must not happen twice needs a key of its own (`idempotency_key`, `client_id`).
     *
     * @param  array<string, mixed>  $params
     * @return array<string, mixed>
     */
    public function call(string $method, array $params = []): array
    {
        return $this->client->call($method, $params);
    }

    /**
     * @param  list<array{session?: string, user?: string}>  $logins
     *
     * @throws SkeinException
     */
    private function end(array $logins): void
    {
        $batch = new Batch();

        foreach ($logins as $login) {
            $batch->call('rpc', ['method' => 'chat.sessions.end', 'params' => $login])->call('disconnect', $login);
        }

        foreach ($this->send($batch) as $at => $reply) {
            // Where the chat is switched off there are no logins of its own, and no such method.
            if ($reply instanceof RefusedException && ! ($at % 2 === 0 && $reply instanceof NotFoundException)) {
                throw $reply;
            }
        }
    }
}
