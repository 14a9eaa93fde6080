<?php

declare(strict_types=1);

namespace Skein\Http;

use CurlHandle;
use Skein\Exceptions\ConnectionException;

/** Keeps its connection open, so that a long-running process (queue worker, Octane) connects once. */
final class CurlTransport implements Transport
{
    private ?CurlHandle $handle = null;

    /** @param  float  $connectTimeout  Seconds; both */
    public function __construct(
        private readonly float $connectTimeout = 1.0,
        private readonly float $timeout = 3.0,
    ) {
    }

    public function send(#[\SensitiveParameter] Request $request): Response
    {
        $handle = $this->handle ??= curl_init();
        curl_reset($handle);
        curl_setopt_array($handle, [
            CURLOPT_URL => $request->url,
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $request->body,
            CURLOPT_HTTPHEADER => $this->headerLines($request->headers),
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_CONNECTTIMEOUT_MS => (int) round($this->connectTimeout * 1000),
            CURLOPT_TIMEOUT_MS => (int) round($this->timeout * 1000),
            // Without it, timeouts below a second may kill the process with SIGALRM.
            CURLOPT_NOSIGNAL => true,
        ]);
        $body = curl_exec($handle);

        if (! is_string($body)) {
            throw new ConnectionException("no answer from {$this->hostOf($request->url)}: ".curl_error($handle));
        }

        return new Response((int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE), $body);
    }

    /** @return list<string> */
    private function headerLines(array $headers): array
    {
        // "Expect:" is emptied: curl would otherwise wait a second for a server that does not answer it.
        $lines = ['Expect:'];

        foreach ($headers as $name => $value) {
            $lines[] = "$name: $value";
        }

        return $lines;
    }

    private function hostOf(string $url): string
    {
        $port = parse_url($url, PHP_URL_PORT);

        return parse_url($url, PHP_URL_SCHEME).'://'.parse_url($url, PHP_URL_HOST).($port === null ? '' : ":$port");
    }
}
