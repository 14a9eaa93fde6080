<?php

declare(strict_types=1);

namespace Skein;

/** @internal What is published, as parameters of the server API. */
final class Draft
{
    /** A publication without a key gets one here: from then on repeating it is safe. */
    public static function of(mixed $data, array $tags, ?string $idempotencyKey, ?string $exclude): array
    {
        return [
            'data' => $data,
            'idempotency_key' => $idempotencyKey ?? bin2hex(random_bytes(16)),
            ...($tags === [] ? [] : ['tags' => array_map('strval', $tags)]),
            ...($exclude === null || $exclude === '' ? [] : ['exclude' => $exclude]),
        ];
    }
}
