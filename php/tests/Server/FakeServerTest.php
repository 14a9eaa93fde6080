<?php

declare(strict_types=1);

namespace Skein\Tests\Server;

use Skein\Batch;
use Skein\Chat\Card;
use Skein\Chat\Person;
use Skein\Skein;
use Skein\Testing\FakeServer;

/** The server for the tests of a site answers in the form of the real one. */
final class FakeServerTest extends ServerTestCase
{
    /** @dataProvider calls */
    public function test_its_answers_have_the_form_of_the_real_ones(string $method, callable $call): void
    {
        $fake = new FakeServer();

        $this->assertSame($this->formOf($call($this->skein)), $this->formOf($call($fake->skein())));
        $this->assertCount(1, $fake->called($method));
    }

    public static function calls(): array
    {
        $room = 'fake-'.bin2hex(random_bytes(6));
        $ann = new Person("u-$room", 'Ann');
        $batch = (new Batch())->publish("stream:$room", 1)->disconnect(user: 'nobody');

        return [
            ['publish', fn (Skein $skein) => $skein->publish("stream:$room", ['x' => 1])],
            ['broadcast', fn (Skein $skein) => $skein->broadcast(["stream:a-$room", "stream:b-$room"], 1)],
            ['publish', fn (Skein $skein) => $skein->send($batch)],
            ['history', fn (Skein $skein) => $skein->history("stream:none-$room")],
            ['history_remove', fn (Skein $skein) => $skein->removeHistory("stream:$room")],
            ['presence', fn (Skein $skein) => $skein->presence("open:$room")],
            ['presence_stats', fn (Skein $skein) => $skein->presenceStats("open:$room")],
            ['channels', fn (Skein $skein) => $skein->channels('none-*')],
            ['unsubscribe', fn (Skein $skein) => $skein->unsubscribe('nobody', "open:$room")],
            ['disconnect', fn (Skein $skein) => $skein->disconnect(user: 'nobody')],
            ['chat.sessions.end', fn (Skein $skein) => $skein->endSession('none')],
            ['chat.sessions.end', fn (Skein $skein) => $skein->endSessionsOf('nobody')],
            ['chat.rooms.create', fn (Skein $skein) => $skein->chat()->createRoom('Order 42', $room)],
            ['chat.users.save', fn (Skein $skein) => $skein->chat()->savePerson($ann)],
            ['chat.members.add', fn (Skein $skein) => $skein->chat()->addMember($room, $ann)],
            ['chat.post', fn (Skein $skein) => $skein->chat()->post($room, 'Hello', as: $ann)],
            ['chat.post', fn (Skein $skein) => $skein->chat()->tell($ann, Card::titled('Hello'))],
            ['chat.members.remove', fn (Skein $skein) => $skein->chat()->removeMember($room, $ann->id)],
        ];
    }

    /** The types of everything in it, with its names. */
    private function formOf(mixed $value): mixed
    {
        return match (true) {
            is_object($value) => [$value::class, array_map($this->formOf(...), get_object_vars($value))],
            is_array($value) => array_map($this->formOf(...), $value),
            default => get_debug_type($value),
        };
    }
}
