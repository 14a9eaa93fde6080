<?php

declare(strict_types=1);

namespace Skein;

use Closure;
use JsonException;
use Skein\Exceptions\ConnectionException;
use Skein\Exceptions\InvalidDataException;
use Skein\Exceptions\RefusedException;
use Skein\Exceptions\SkeinException;
use Skein\Http\CurlTransport;
use Skein\Http\Request;
use Skein\Http\Response;
use Skein\Http\Transport;

/**
 * Calls methods of the server API.
 *
 * What fails in passing (no answer, server busy or restarting) is repeated after a short pause. Everything that must
 * not happen twice carries a key made before the first attempt, so a repetition after a lost answer changes nothing.
 */
final class Client
{
    private const FIRST_PAUSE_MS = 50;

    private readonly Transport $transport;

    private readonly Closure $pause;

    /** @param  (Closure(int): void)|null  $pause  Waits for milliseconds; for tests */
    public function __construct(
        private readonly Config $config,
        ?Transport $transport = null,
        ?Closure $pause = null,
    ) {
        $this->transport = $transport ?? new CurlTransport($config->connectTimeout, $config->timeout);
        $this->pause = $pause ?? static fn (int $ms) => usleep($ms * 1000);
    }

    /**
     * @return array<string, mixed> the method's result
     *
     * @throws SkeinException
     */
    public function call(string $method, array $params): array
    {
        return $this->resultIn($this->post($method, $params, single: true));
    }

    /**
     * Several calls in one request, carried out in order. One that fails does not stop the others.
     *
     * @param  list<array{string, array}>  $calls  Method and parameters of each
     * @return list<array<string, mixed>|RefusedException>
     *
     * @throws SkeinException when the request as a whole failed
     */
    public function batch(array $calls): array
    {
        if ($calls === []) {
            return [];
        }

        $commands = array_map(static fn (array $call) => [$call[0] => (object) $call[1]], $calls);
        $replies = $this->post('batch', ['commands' => $commands], single: false)['replies'] ?? null;

        if (! is_array($replies) || count($replies) !== count($calls)) {
            throw new ConnectionException('the answer to a batch has another number of replies than was asked for');
        }

        return array_map(fn (array $reply) => $this->replyIn($reply), array_values($replies));
    }

    /** @throws SkeinException */
    private function post(string $method, array $params, bool $single): array
    {
        $request = new Request(
            rtrim($this->config->url, '/')."/api/$method",
            ['Content-Type' => 'application/json', 'X-API-Key' => $this->config->apiKey],
            self::encode((object) $params),
        );

        for ($attempt = 1; ; $attempt++) {
            try {
                return $this->answerTo($request, $single);
            } catch (SkeinException $exception) {
                if (! $exception->isTemporary() || $attempt >= $this->config->attempts) {
                    throw $exception;
                }
            }

            ($this->pause)($this->pauseBefore($attempt + 1));
        }
    }

    private function answerTo(#[\SensitiveParameter] Request $request, bool $single): array
    {
        $response = $this->transport->send($request);
        $answer = json_decode($response->body, true);

        if ($response->status !== 200) {
            throw $this->refusal($response, $answer);
        }

        if (! is_array($answer)) {
            throw new ConnectionException("{$request->url} answered with something that is not JSON: is this Skein?");
        }

        // Errors of single calls are looked at here, so that those that pass are repeated.
        if ($single) {
            $this->resultIn($answer);
        }

        return $answer;
    }

    private function refusal(Response $response, mixed $answer): SkeinException
    {
        $message = is_array($answer) ? (string) ($answer['message'] ?? '') : '';
        $message = $message !== '' ? $message : "the server answered with status {$response->status}";

        return match (true) {
            $response->status === 401 => RefusedException::of(101, $message),
            $response->status === 404 => RefusedException::of(404, "$message: is url the server's own address?"),
            $response->status === 413 => RefusedException::of(
                413,
                "$message: more than the server (limits.max_request_bytes), or a proxy before it, takes in one request",
            ),
            $response->status === 429 => RefusedException::of(111, $message),
            // A proxy in front of a server that is starting or gone.
            $response->status >= 500 => new ConnectionException($message),
            $response->status < 400 => RefusedException::of(107, "$message, which redirects: is url the server's own address?"),
            default => RefusedException::of(107, $message),
        };
    }

    private function resultIn(array $answer): array
    {
        if (isset($answer['error'])) {
            throw $this->errorIn($answer['error']);
        }

        return (array) ($answer['result'] ?? []);
    }

    private function replyIn(array $reply): array|RefusedException
    {
        return isset($reply['error']) ? $this->errorIn($reply['error']) : (array) reset($reply);
    }

    /** @internal also errors inside of results: `broadcast` has one per channel */
    public function errorIn(array $error): RefusedException
    {
        return RefusedException::of((int) ($error['code'] ?? 100), (string) ($error['message'] ?? ''));
    }

    /** Doubling, and never the same for two processes, so that they do not come back together. */
    private function pauseBefore(int $attempt): int
    {
        $longest = self::FIRST_PAUSE_MS * 2 ** ($attempt - 1);

        return random_int(intdiv($longest, 2), $longest);
    }

    /** @throws InvalidDataException */
    private static function encode(object $params): string
    {
        try {
            return json_encode(
                $params,
                JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION,
            );
        } catch (JsonException $exception) {
            throw new InvalidDataException('the data cannot be sent as JSON: '.$exception->getMessage(), 0, $exception);
        }
    }
}
