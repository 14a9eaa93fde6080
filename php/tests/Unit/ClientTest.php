<?php

declare(strict_types=1);

namespace Skein\Tests\Unit;

use InvalidArgumentException;
use PHPUnit\Framework\TestCase;
use Skein\Batch;
use Skein\Client;
use Skein\Config;
use Skein\Exceptions\BadRequestException;
use Skein\Exceptions\ConnectionException;
use Skein\Exceptions\Errors;
use Skein\Exceptions\InvalidDataException;
use Skein\Exceptions\NotAMemberException;
use Skein\Exceptions\PayloadTooLargeException;
use Skein\Exceptions\RefusedException;
use Skein\Exceptions\SkeinException;
use Skein\Exceptions\UnauthorizedException;
use Skein\Exceptions\UnavailableException;
use Skein\Exceptions\UnknownChannelException;
use Skein\Http\Request;
use Skein\Http\Response;
use Skein\Http\Transport;
use Skein\Position;
use Skein\Skein;
use Skein\Tests\FakeTransport;
use Skein\Webhooks\Webhook;

final class ClientTest extends TestCase
{
    /** @var list<int> */
    private array $pauses = [];

    private function skein(FakeTransport $transport, int $attempts = 3): Skein
    {
        $config = new Config('http://skein.test/', 'key', attempts: $attempts);

        return new Skein($config, new Client($config, $transport, function (int $ms): void {
            $this->pauses[] = $ms;
        }));
    }

    public function test_a_call_is_one_post_with_the_key_in_a_header(): void
    {
        $transport = new FakeTransport([['result' => ['offset' => 7, 'epoch' => 'e']]]);
        $position = $this->skein($transport)->publish('news', ['title' => '你好', 'price' => 1.0], ['event' => 'created']);

        $this->assertEquals(new Position(7, 'e'), $position);
        $this->assertSame('http://skein.test/api/publish', $transport->requests[0]->url);
        $this->assertSame('key', $transport->requests[0]->headers['X-API-Key']);
        $this->assertStringContainsString('"data":{"title":"你好","price":1.0}', $transport->requests[0]->body);
        $this->assertSame(['event' => 'created'], $transport->sent()['tags']);
    }

    public function test_what_fails_in_passing_is_repeated_with_the_same_key(): void
    {
        $busy = ['error' => ['code' => 1012, 'message' => 'shutting down']];
        $transport = new FakeTransport([null, $busy, ['result' => []]]);
        $this->assertNull($this->skein($transport)->publish('news', 1));

        $keys = array_map(fn (int $at) => $transport->sent($at)['idempotency_key'], [0, 1, 2]);
        $this->assertCount(1, array_unique($keys));
        $this->assertSame(32, strlen($keys[0]));
        $this->assertCount(2, $this->pauses);
        $this->assertGreaterThanOrEqual(50, $this->pauses[0]);
        $this->assertLessThanOrEqual(200, $this->pauses[1]);
    }

    public function test_chat_messages_are_repeated_with_the_same_client_id(): void
    {
        $message = ['id' => 'c.1', 'conversation_id' => 'c', 'seq' => 1, 'sender_id' => '_site', 'body' => 'x', 'created_at' => 1];
        $transport = new FakeTransport([502, ['result' => ['data' => ['message' => $message, 'duplicate' => true]]]]);
        $this->assertSame(1, $this->skein($transport)->chat()->post('lobby', 'x')->seq);
        $this->assertSame($transport->sent(0), $transport->sent(1));
    }

    public function test_attempts_end_and_the_last_failure_is_thrown(): void
    {
        $transport = new FakeTransport([null]);

        try {
            $this->skein($transport, attempts: 4)->publish('news', 1);
            $this->fail('nothing was thrown');
        } catch (ConnectionException $exception) {
            $this->assertTrue($exception->isTemporary());
        }

        $this->assertCount(4, $transport->requests);
    }

    public function test_what_will_fail_again_is_not_repeated(): void
    {
        $transport = new FakeTransport([['error' => ['code' => 102, 'message' => 'no rule']]]);

        try {
            $this->skein($transport)->publish('nowhere', 1);
            $this->fail('nothing was thrown');
        } catch (UnknownChannelException $exception) {
            $this->assertSame(102, $exception->getCode());
            $this->assertSame('no rule', $exception->getMessage());
            $this->assertFalse($exception->isTemporary());
        }

        $this->assertCount(1, $transport->requests);
    }

    /** @dataProvider statuses */
    public function test_statuses_are_exceptions(int $status, string $class, string $message = 'status'): void
    {
        $this->expectException($class);
        $this->expectExceptionMessage($message);
        $this->skein(new FakeTransport([$status]))->publish('news', 1);
    }

    public static function statuses(): array
    {
        return [
            [401, UnauthorizedException::class],
            [301, BadRequestException::class, 'which redirects'],
            [413, PayloadTooLargeException::class, 'or a proxy before it'],
            [400, BadRequestException::class],
            [404, RefusedException::class],
            [503, ConnectionException::class],
        ];
    }

    public function test_every_number_has_its_class_and_unknown_ones_have_one_too(): void
    {
        foreach (Errors::CLASSES as $code => $class) {
            $this->assertInstanceOf($class, RefusedException::of($code, 'x'));
        }

        $this->assertSame(RefusedException::class, RefusedException::of(9999, 'x')::class);
        $this->assertInstanceOf(NotAMemberException::class, RefusedException::of(1001, 'x'));
        $this->assertTrue(RefusedException::of(1010, 'x')->isTemporary());
    }

    public function test_a_broadcast_tells_each_channel_apart(): void
    {
        $transport = new FakeTransport([['result' => ['responses' => [
            ['result' => ['offset' => 1, 'epoch' => 'e']],
            ['error' => ['code' => 1010, 'message' => 'disk full']],
            ['result' => []],
        ]]]]);
        $outcomes = $this->skein($transport)->broadcast(['a', 'b', 'c', 'a'], 1);

        $this->assertSame(['a', 'b', 'c'], array_keys($outcomes));
        $this->assertEquals(new Position(1, 'e'), $outcomes['a']);
        $this->assertInstanceOf(UnavailableException::class, $outcomes['b']);
        $this->assertNull($outcomes['c']);
    }

    public function test_a_batch_is_one_request_and_gives_each_call_its_reply(): void
    {
        $transport = new FakeTransport([['replies' => [
            ['publish' => ['offset' => 1, 'epoch' => 'e']],
            ['error' => ['code' => 102, 'message' => 'no rule']],
            ['disconnect' => []],
        ]]]);
        $batch = (new Batch())->publish('a', 1)->publish('b', 2)->disconnect(user: '42');
        [$first, $second, $third] = $this->skein($transport)->send($batch);

        $this->assertSame(1, $first['offset']);
        $this->assertInstanceOf(UnknownChannelException::class, $second);
        $this->assertSame([], $third);
        $this->assertSame(['user' => '42'], $transport->sent()['commands'][2]['disconnect']);
        $this->assertSame([], $this->skein($transport)->send(new Batch()));
    }

    public function test_a_logout_does_not_need_the_chat_but_the_rest_must_work(): void
    {
        $none = ['error' => ['code' => 104, 'message' => 'no RPC method']];
        $transport = new FakeTransport([['replies' => [$none, ['disconnect' => []]]]]);
        $this->skein($transport)->endSession('sid-1');
        $this->assertSame(['session' => 'sid-1'], $transport->sent()['commands'][0]['rpc']['params']);

        $this->expectException(RefusedException::class);
        $this->skein(new FakeTransport([['replies' => [$none, $none]]]))->endSessionsOf('42');
    }

    public function test_what_is_no_json_is_refused_before_anything_is_sent(): void
    {
        $transport = new FakeTransport([['result' => []]]);
        $this->expectException(InvalidDataException::class);

        try {
            $this->skein($transport)->publish('news', "\xff");
        } finally {
            $this->assertSame([], $transport->requests);
        }
    }

    public function test_a_page_of_something_else_is_not_taken_for_an_answer(): void
    {
        $page = new class() implements Transport
        {
            public function send(Request $request): Response
            {
                return new Response(200, '<!doctype html><title>Welcome to nginx!</title>');
            }
        };
        $config = new Config('http://skein.test', 'key', attempts: 1);
        $this->expectException(ConnectionException::class);
        $this->expectExceptionMessage('http://skein.test/api/publish answered with something that is not JSON');
        (new Skein($config, new Client($config, $page)))->publish('news', 1);
    }

    public function test_where_nobody_listens_there_is_no_answer_and_the_key_is_not_told(): void
    {
        $config = new Config('http://127.0.0.1:1', 'secret-key', connectTimeout: 0.2, timeout: 0.2, attempts: 1);

        try {
            Skein::with($config)->publish('news', 1);
            $this->fail('nothing was thrown');
        } catch (ConnectionException $exception) {
            $this->assertStringContainsString('no answer from http://127.0.0.1:1', $exception->getMessage());
            $this->assertStringNotContainsString('secret-key', (string) $exception);
        }
    }

    /** @dataProvider timeouts */
    public function test_a_timeout_that_curl_would_take_for_none_is_refused(array $settings): void
    {
        $this->expectException(InvalidArgumentException::class);
        $this->expectExceptionMessage('0.001 seconds or more');
        Config::fromArray($settings + ['api_key' => 'key']);
    }

    public static function timeouts(): array
    {
        return [[['timeout' => '0']], [['connect_timeout' => 0.0004]], [['timeout' => -1]]];
    }

    public function test_no_key_is_in_what_error_pages_show_of_an_exception(): void
    {
        $shown = ini_set('zend.exception_ignore_args', '0');
        $failures = [
            fn () => Skein::connect('127.0.0.1', 'key-of-this-site', 'secret-of-this-site'),
            fn () => Config::fromArray(['url' => '127.0.0.1', 'api_key' => 'key-of-this-site']),
            fn () => Skein::connect('http://127.0.0.1:1', 'key-of-this-site')->publish('news', 1),
            fn () => Webhook::verify(['X-Pusher-Key' => 'other'], '{}', ['shop' => 'secret-of-this-site']),
        ];

        foreach ($failures as $failure) {
            try {
                $failure();
                $this->fail('nothing was thrown');
            } catch (InvalidArgumentException|SkeinException $exception) {
                $ours = array_filter($exception->getTrace(), fn (array $frame) => str_starts_with($frame['class'] ?? '', 'Skein\\')
                    && ! str_starts_with($frame['class'], __CLASS__));
                $this->assertNotSame([], $ours);
                $this->assertStringNotContainsString('of-this-site', print_r(array_column($ours, 'args'), true));
            }
        }

        ini_set('zend.exception_ignore_args', $shown);
    }
}
