<?php

declare(strict_types=1);

/**
 * Opens a WebSocket, sends one text frame, goes. Nothing but PHP's own streams.
 *
 * @param array<string, string> $headers
 */
function push(string $server, string $text, array $headers = []): void
{
    $socket = stream_socket_client("tcp://$server", $errno, $error, timeout: 2);
    if ($socket === false) {
        throw new RuntimeException("cannot reach $server: $error ($errno)");
    }
    stream_set_timeout($socket, 2);
    $handshake = [
        'GET /ws HTTP/1.1',
        "Host: $server",
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: ' . base64_encode(random_bytes(16)),
        'Sec-WebSocket-Version: 13',
    ];
    foreach ($headers as $name => $value) {
        $handshake[] = "$name: $value";
    }
    fwrite($socket, implode("\r\n", $handshake) . "\r\n\r\n");
    $answer = (string) fread($socket, 2048);
    if (!str_contains($answer, ' 101 ')) {
        throw new RuntimeException('refused: ' . strtok($answer, "\r"));
    }
    fwrite($socket, frame($text, 0x81) . frame(pack('n', 1000), 0x88));
    fclose($socket);
}

/** One masked frame (RFC 6455, section 5.2). */
function frame(string $payload, int $first): string
{
    $length = strlen($payload);
    $size = match (true) {
        $length < 126 => chr(0x80 | $length),
        $length < 65536 => chr(0x80 | 126) . pack('n', $length),
        default => chr(0x80 | 127) . pack('J', $length),
    };
    $mask = random_bytes(4);
    return chr($first) . $size . $mask . ($payload ^ str_repeat($mask, intdiv($length, 4) + 1));
}

[, $server, $text] = $argv;
push($server, $text, ['X-API-Key' => (string) getenv('SKEIN_API_KEY')]);
