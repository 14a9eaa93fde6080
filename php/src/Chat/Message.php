<?php

declare(strict_types=1);

namespace Skein\Chat;

/** A message as it is kept. */
final class Message
{
    public function __construct(
        public readonly string $id,
        public readonly string $conversationId,
        public readonly int $seq,
        public readonly string $senderId,
        public readonly string $text,
        public readonly int $createdAtMs,
    ) {
    }

    /** @internal */
    public static function in(array $message): self
    {
        return new self(
            (string) $message['id'],
            (string) $message['conversation_id'],
            (int) $message['seq'],
            (string) $message['sender_id'],
            (string) $message['body'],
            (int) $message['created_at'],
        );
    }
}
