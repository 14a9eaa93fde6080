<?php

declare(strict_types=1);

namespace Skein\Tests\Server;

use GuzzleHttp\Client as Guzzle;
use GuzzleHttp\Psr7\HttpFactory;
use Skein\Batch;
use Skein\Config;
use Skein\Exceptions\NotAvailableException;
use Skein\Exceptions\PayloadTooLargeException;
use Skein\Exceptions\RefusedException;
use Skein\Exceptions\UnauthorizedException;
use Skein\Exceptions\UnrecoverablePositionException;
use Skein\Position;
use Skein\Skein;

final class ChannelsTest extends ServerTestCase
{
    public function test_what_is_published_is_in_the_history_in_order(): void
    {
        $channel = $this->unique('stream:');
        $first = $this->skein->publish($channel, ['title' => '第一'], ['lang' => 'zh']);
        $second = $this->skein->publish($channel, 'plain text');

        $this->assertSame(1, $first->offset);
        $this->assertSame($first->epoch, $second->epoch);
        $history = $this->skein->history($channel);
        $this->assertEquals($second, $history->top);
        $this->assertSame([['title' => '第一'], 'plain text'], array_column($history->publications, 'data'));
        $this->assertSame(['lang' => 'zh'], $history->publications[0]->tags);
        $this->assertSame([2], array_column($this->skein->history($channel, since: $first)->publications, 'offset'));
        $this->assertSame([2], array_column($this->skein->history($channel, limit: 1, reverse: true)->publications, 'offset'));

        $this->skein->removeHistory($channel);
        $this->assertSame([], $this->skein->history($channel)->publications);
    }

    public function test_one_key_is_one_publication(): void
    {
        $channel = $this->unique('stream:');
        $positions = [];

        for ($n = 0; $n < 3; $n++) {
            $positions[] = $this->skein->publish($channel, $n, idempotencyKey: 'order-42');
        }

        $this->assertEquals([$positions[0], $positions[0]], [$positions[1], $positions[2]]);
        $this->assertSame([0], array_column($this->skein->history($channel)->publications, 'data'));
    }

    public function test_a_gap_that_cannot_be_filled_is_told(): void
    {
        $channel = $this->unique('stream:');
        $this->skein->publish($channel, 1);
        $this->expectException(UnrecoverablePositionException::class);
        $this->skein->history($channel, since: new Position(1, 'another-epoch'));
    }

    public function test_a_history_that_no_longer_reaches_back_is_a_gap_too(): void
    {
        $channel = $this->unique('stream:');
        $first = $this->skein->publish($channel, 1);
        $second = $this->skein->publish($channel, 2);
        $this->skein->removeHistory($channel);
        $this->assertSame([], $this->skein->history($channel, since: $second)->publications);

        foreach ([null, 3] as $more) {
            $more === null || $this->skein->publish($channel, $more);

            try {
                $this->skein->history($channel, since: $first);
                $this->fail('nothing was thrown');
            } catch (UnrecoverablePositionException $exception) {
                $this->assertStringContainsString('goes on at 3', $exception->getMessage());
            }
        }

        $this->assertSame([3], array_column($this->skein->history($channel, since: $second)->publications, 'data'));
    }

    public function test_broadcast_and_batch(): void
    {
        [$a, $b, $none] = [$this->unique('stream:'), $this->unique('stream:'), $this->unique('public:')];
        $outcomes = $this->skein->broadcast([$a, $b, $none], ['x' => 1]);
        $this->assertSame(1, $outcomes[$a]->offset);
        $this->assertSame(1, $outcomes[$b]->offset);
        $this->assertNull($outcomes[$none]);

        $replies = $this->skein->send((new Batch())
            ->publish($a, 2)
            ->call('history', ['channel' => $none])
            ->call('presence_stats', ['channel' => 'open:nobody']));
        $this->assertSame(2, $replies[0]['offset']);
        $this->assertInstanceOf(NotAvailableException::class, $replies[1]);
        $this->assertSame(0, $replies[2]['num_clients'] ?? 0);
    }

    public function test_presence_channels_and_ending_people_who_are_not_there(): void
    {
        $this->assertSame([], $this->skein->presence('open:nobody'));
        $this->assertSame(['clients' => 0, 'users' => 0], $this->skein->presenceStats('open:nobody'));
        $this->assertSame([], $this->skein->channels('nowhere:*'));
        $this->skein->disconnect(user: 'nobody');
        $this->skein->unsubscribe('nobody', 'open:nobody');
        $this->skein->endSession('no-such-session');
        $this->skein->endSessionsOf('nobody');
    }

    public function test_whom_to_disconnect_must_be_said(): void
    {
        $this->expectException(RefusedException::class);
        $this->skein->disconnect();
    }

    public function test_a_wrong_key_is_a_wrong_key(): void
    {
        $this->expectException(UnauthorizedException::class);
        Skein::connect($this->config()->url, 'wrong-key-0123456789')->publish('public:x', 1);
    }

    public function test_too_much_is_too_much(): void
    {
        $this->expectException(PayloadTooLargeException::class);
        $this->skein->publish('public:x', str_repeat('x', 2_000_000));
    }

    public function test_through_a_psr_18_client_of_the_site(): void
    {
        $factory = new HttpFactory();
        $config = $this->config();
        $skein = Skein::through($config, new Guzzle(['timeout' => 3]), $factory, $factory);
        $this->assertSame(1, $skein->publish($this->unique('stream:'), 'x')->offset);

        $nowhere = new Config('http://127.0.0.1:1', 'key', attempts: 1);
        $this->expectException(\Skein\Exceptions\ConnectionException::class);
        Skein::through($nowhere, new Guzzle(['timeout' => 1]), $factory, $factory)->publish('public:x', 1);
    }
}
