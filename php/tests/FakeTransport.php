<?php

declare(strict_types=1);

namespace Skein\Tests;

use Skein\Exceptions\ConnectionException;
use Skein\Http\Request;
use Skein\Http\Response;
use Skein\Http\Transport;

/** Answers as it is told, in order, and remembers what it was asked. */
final class FakeTransport implements Transport
{
    /** @var list<Request> */
    public array $requests = [];

    /** @param  list<array|int|null>  $answers  JSON of a 200, a status, or null for none at all; the last one stays */
    public function __construct(private array $answers)
    {
    }

    public function send(Request $request): Response
    {
        $this->requests[] = $request;
        $answer = count($this->answers) > 1 ? array_shift($this->answers) : $this->answers[0];

        return match (true) {
            $answer === null => throw new ConnectionException('no answer'),
            is_int($answer) => new Response($answer, ''),
            default => new Response(200, json_encode($answer, JSON_THROW_ON_ERROR)),
        };
    }

    public function sent(int $at = 0): array
    {
        return json_decode($this->requests[$at]->body, true);
    }
}
