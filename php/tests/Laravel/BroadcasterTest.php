<?php

declare(strict_types=1);

namespace Skein\Tests\Laravel;

use Illuminate\Auth\GenericUser;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Http\Request;
use Illuminate\Session\ArraySessionHandler;
use Illuminate\Session\Store;
use PHPUnit\Framework\TestCase;
use Skein\Client;
use Skein\Config;
use Skein\Laravel\JobKeys;
use Skein\Laravel\SkeinBroadcaster;
use Skein\Pusher\ChannelAuthorizer;
use Skein\Skein;
use Skein\Tests\FakeTransport;
use stdClass;

/** What leaves Laravel when it broadcasts, above all when a job is tried again. */
final class BroadcasterTest extends TestCase
{
    private const DONE = ['result' => []];

    private const DISK_FULL = ['error' => ['code' => 1010, 'message' => 'disk full']];

    private JobKeys $keys;

    protected function setUp(): void
    {
        $this->keys = new JobKeys();
    }

    private function broadcaster(FakeTransport $transport): SkeinBroadcaster
    {
        $config = new Config('http://skein.test', 'key', attempts: 1);

        return new SkeinBroadcaster(fn () => new Skein($config, new Client($config, $transport)), $this->keys, null);
    }

    /** @param  array  ...$responses  One per channel */
    private function answer(array ...$responses): array
    {
        return ['result' => ['responses' => $responses]];
    }

    public function test_an_event_is_one_call_for_all_its_channels(): void
    {
        $transport = new FakeTransport([$this->answer(self::DONE, self::DONE)]);
        $channels = [new Channel('news'), new PrivateChannel('orders.42'), new Channel('news')];
        $this->broadcaster($transport)->broadcast($channels, 'App\\Events\\OrderShipped', ['id' => 42, 'socket' => '1.2']);

        $this->assertCount(1, $transport->requests);
        $this->assertSame('http://skein.test/api/broadcast', $transport->requests[0]->url);
        $sent = $transport->sent();
        $this->assertSame(['news', 'private-orders.42'], $sent['channels']);
        $this->assertSame([['id' => 42], ['event' => 'App\\Events\\OrderShipped'], '1.2'], [$sent['data'], $sent['tags'], $sent['exclude']]);
    }

    public function test_an_event_without_a_payload_is_an_empty_object(): void
    {
        $transport = new FakeTransport([$this->answer(self::DONE)]);
        $this->broadcaster($transport)->broadcast(['news'], 'ping', ['socket' => null]);

        $this->assertStringContainsString('"data":{}', $transport->requests[0]->body);
        $this->assertArrayNotHasKey('exclude', $transport->sent());
    }

    public function test_a_channel_that_was_refused_fails_the_job_and_is_named(): void
    {
        $transport = new FakeTransport([$this->answer(self::DONE, self::DISK_FULL, self::DISK_FULL)]);

        try {
            $this->broadcaster($transport)->broadcast(['a', 'b', 'c'], 'x', []);
            $this->fail('nothing was thrown');
        } catch (BroadcastException $exception) {
            $this->assertSame('Skein: channel "b" and 1 more: disk full', $exception->getMessage());
        }
    }

    public function test_who_is_let_in_with_a_session_stays_as_long_as_its_login(): void
    {
        $broadcaster = new SkeinBroadcaster(fn () => $this->fail('nothing is sent'), $this->keys, new ChannelAuthorizer('key', 'secret'));
        $broadcaster->channel('orders.{id}', fn () => true);
        $request = Request::create('/broadcasting/auth', 'POST', ['channel_name' => 'private-orders.42', 'socket_id' => '1.2']);
        $request->setUserResolver(fn () => new GenericUser(['id' => 7]));

        // With an API token: what every client of Pusher's protocol understands.
        $this->assertSame(['auth' => 'key:'.hash_hmac('sha256', '1.2:private-orders.42', 'secret')], $broadcaster->auth($request));

        $request->setLaravelSession($session = new Store('shop_session', new ArraySessionHandler(120)));
        $answers = [$broadcaster->auth($request)];
        // A new id, as some sites give at every page, is no new login.
        $session->migrate();
        $answers[] = $broadcaster->auth($request);
        $this->assertSame($answers[0], $answers[1]);
        $this->assertSame(
            ['user_id' => '7', 'skein_session' => $session->get('skein.sid')],
            json_decode($answers[0]['channel_data'], true),
        );
    }

    public function test_a_job_that_is_tried_again_sends_the_same_keys_in_the_same_order(): void
    {
        $run = function (string $uuid): array {
            $transport = new FakeTransport([$this->answer(self::DONE, self::DONE)]);
            $job = new stdClass();
            $this->keys->begin($job, $uuid);

            // The second time the payload is another one, and the channels come in another order.
            foreach ([['a', 'b'], ['b', 'a'], ['c', 'd']] as $channels) {
                $this->broadcaster($transport)->broadcast($channels, 'shipped', ['at' => microtime()]);
            }

            $this->keys->end($job);
            $this->keys->end($job);

            return array_map(static fn (int $at) => $transport->sent($at)['idempotency_key'], [0, 1, 2]);
        };

        $first = $run('uuid-1');
        $this->assertCount(3, array_unique($first));
        $this->assertSame($first, $run('uuid-1'));
        $this->assertSame([], array_intersect($first, $run('uuid-2')));
    }

    public function test_outside_of_jobs_and_around_jobs_inside_of_jobs_keys_are_their_own(): void
    {
        $this->assertNotSame($this->keys->next(['a'], 'x'), $this->keys->next(['a'], 'x'));

        [$outer, $inner] = [new stdClass(), new stdClass()];
        $keysOfOuter = function (bool $withInner) use ($outer, $inner): array {
            $this->keys->begin($outer, 'outer');
            $keys = [$this->keys->next(['a'], 'x')];

            if ($withInner) {
                $this->keys->begin($inner, 'inner');
                $this->keys->next(['a'], 'x');
                $this->keys->end($inner);
            }

            $keys[] = $this->keys->next(['a'], 'x');
            $this->keys->end($outer);

            return $keys;
        };
        $this->assertSame($keysOfOuter(false), $keysOfOuter(true));
    }
}
