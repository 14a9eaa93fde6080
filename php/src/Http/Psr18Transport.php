<?php

declare(strict_types=1);

namespace Skein\Http;

use Psr\Http\Client\ClientExceptionInterface;
use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestFactoryInterface;
use Psr\Http\Message\StreamFactoryInterface;
use Skein\Exceptions\ConnectionException;

/** Sends through the site's own client. Its timeouts are its own affair: set them short. */
final class Psr18Transport implements Transport
{
    public function __construct(
        private readonly ClientInterface $client,
        private readonly RequestFactoryInterface $requests,
        private readonly StreamFactoryInterface $streams,
    ) {
    }

    public function send(#[\SensitiveParameter] Request $request): Response
    {
        $message = $this->requests->createRequest('POST', $request->url)
            ->withBody($this->streams->createStream($request->body));

        foreach ($request->headers as $name => $value) {
            $message = $message->withHeader($name, $value);
        }

        try {
            $answer = $this->client->sendRequest($message);
        } catch (ClientExceptionInterface $exception) {
            throw new ConnectionException('no answer from the server: '.$exception->getMessage(), previous: $exception);
        }

        return new Response($answer->getStatusCode(), (string) $answer->getBody());
    }
}
