<?php

declare(strict_types=1);

namespace Skein\Tests\Server;

use Skein\Chat\Card;
use Skein\Chat\Person;
use Skein\Exceptions\BadRequestException;
use Skein\Exceptions\NotAMemberException;
use Skein\Exceptions\NotFoundException;

final class ChatTest extends ServerTestCase
{
    private function person(string $name): Person
    {
        return new Person($this->unique('u-'), $name, '/avatars/1.png');
    }

    private function conversationsOf(Person $person): array
    {
        $token = $this->skein->tokens()->connection($person->id, $person->name, $person->avatar);

        return $this->chatAs($token, 'hello')['conversations'];
    }

    public function test_a_customer_gets_a_card_in_private(): void
    {
        $ann = $this->person('Ann');
        $card = Card::titled('订单 42 已发货')
            ->line('快递', 'SF1234567890')
            ->text('明天送达')
            ->url('https://shop.example/orders/42')
            ->image('/images/42.jpg');
        $message = $this->skein->chat()->tell($ann, $card, siteName: '小店', clientId: "shipped-{$ann->id}");
        $again = $this->skein->chat()->tell($ann->id, $card, clientId: "shipped-{$ann->id}");

        $this->assertEquals($message, $again);
        $this->assertSame("订单 42 已发货\n快递: SF1234567890\n明天送达\nhttps://shop.example/orders/42", $message->text);
        $direct = array_values(array_filter($this->conversationsOf($ann), fn ($c) => $c['kind'] === 'direct'));
        $this->assertCount(1, $direct);
        $this->assertSame(['小店', 1], [$direct[0]['name'], $direct[0]['unread']]);
        $this->assertSame('订单 42 已发货', $direct[0]['last_message']['card']['title']);
        $this->assertSame(['value' => '明天送达'], $direct[0]['last_message']['card']['lines'][1]);
    }

    public function test_a_room_for_an_order_with_its_people(): void
    {
        [$ann, $bob] = [$this->person('Ann'), $this->person('Bob')];
        $slug = $this->unique('order-');
        $room = $this->skein->chat()->createRoom('Order 42', $slug, topic: 'Where is it?', owner: $ann);
        $this->assertEquals([$slug, 'Order 42', 1], [$room->slug, $room->name, $room->memberCount]);
        $this->assertSame($room->id, $this->skein->chat()->createRoom('Order 42', $slug)->id);

        $this->assertTrue($this->skein->chat()->addMember($slug, $bob));
        $this->assertFalse($this->skein->chat()->addMember($slug, $bob->id));
        $message = $this->skein->chat()->post($slug, 'On its way', as: $bob);
        $this->assertSame($bob->id, $message->senderId);
        $this->assertSame('_site', $this->skein->chat()->post($room->id, 'Checked')->senderId);
        $this->assertContains($slug, array_column($this->conversationsOf($bob), 'slug'));

        $this->assertTrue($this->skein->chat()->removeMember($slug, $bob->id));
        $this->assertNotContains($slug, array_column($this->conversationsOf($bob), 'slug'));
        $this->expectException(NotAMemberException::class);
        $this->skein->chat()->post($slug, 'Still here?', as: $bob->id);
    }

    public function test_people_are_known_by_the_name_the_site_gave_last(): void
    {
        $ann = $this->person('Ann');
        $this->skein->chat()->savePerson($ann);
        $this->skein->chat()->savePerson(new Person($ann->id, 'Anna'));
        $this->skein->chat()->post('lobby', 'hello', as: $ann->id);

        $this->expectException(NotFoundException::class);
        $this->skein->chat()->tell($this->unique('nobody-'), 'hello?');
    }

    public function test_a_card_that_could_do_harm_is_refused_with_the_reason(): void
    {
        $this->expectException(BadRequestException::class);
        $this->expectExceptionMessage('http(s) address');
        $this->skein->chat()->post('lobby', Card::titled('x')->url('javascript:alert(1)'));
    }
}
