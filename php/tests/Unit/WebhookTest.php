<?php

declare(strict_types=1);

namespace Skein\Tests\Unit;

use PHPUnit\Framework\TestCase;
use Skein\Exceptions\InvalidSignatureException;
use Skein\Webhooks\Webhook;

final class WebhookTest extends TestCase
{
    private const BODY = '{"time_ms":1327078148132,"events":[{"name":"member_added","channel":"presence-room","user_id":"7"}]}';

    private function headers(string $body = self::BODY, string $secret = 'secret'): array
    {
        return [
            'X-Pusher-Key' => 'key',
            'x-pusher-signature' => [hash_hmac('sha256', $body, $secret)],
            'X-Skein-Delivery' => 'd-1',
        ];
    }

    public function test_a_signed_body_is_read(): void
    {
        $webhook = Webhook::verify($this->headers(), self::BODY, ['other' => 'x', 'key' => 'secret']);

        $this->assertSame(['d-1', 1327078148132], [$webhook->id, $webhook->timeMs]);
        $this->assertSame('member_added', $webhook->events[0]->name);
        $this->assertSame('presence-room', $webhook->events[0]->channel);
        $this->assertSame('7', $webhook->events[0]->userId);
    }

    /** @dataProvider forgeries */
    public function test_everything_else_is_refused(array $headers, string $body, array $secrets): void
    {
        $this->expectException(InvalidSignatureException::class);
        Webhook::verify($headers, $body, $secrets);
    }

    public static function forgeries(): array
    {
        $signed = static fn (string $body) => ['X-Pusher-Key' => 'key', 'X-Pusher-Signature' => hash_hmac('sha256', $body, 'secret')];

        return [
            'nothing' => [[], self::BODY, ['key' => 'secret']],
            'no signature' => [['X-Pusher-Key' => 'key'], self::BODY, ['key' => 'secret']],
            'changed body' => [$signed(self::BODY), self::BODY.' ', ['key' => 'secret']],
            'another secret' => [$signed(self::BODY), self::BODY, ['key' => 'other']],
            'unknown key' => [$signed(self::BODY), self::BODY, ['mine' => 'secret']],
            'empty secret' => [['X-Pusher-Key' => 'key', 'X-Pusher-Signature' => hash_hmac('sha256', self::BODY, '')], self::BODY, ['key' => '']],
            'no webhook' => [$signed('[]'), '[]', ['key' => 'secret']],
        ];
    }
}
