<?php

declare(strict_types=1);

namespace Skein\Tests\Unit;

use InvalidArgumentException;
use PHPUnit\Framework\TestCase;
use Skein\Pusher\ChannelAuthorizer;

/** Vectors of Pusher's own documentation ("Auth signatures"). */
final class ChannelAuthorizerTest extends TestCase
{
    private const KEY = '278d425bdf160c739803';

    private function authorizer(): ChannelAuthorizer
    {
        return new ChannelAuthorizer(self::KEY, '7ad3773142a6692b25b8');
    }

    public function test_private_channels(): void
    {
        $this->assertSame(
            ['auth' => self::KEY.':58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4'],
            $this->authorizer()->privateChannel('private-foobar', '1234.1234'),
        );
    }

    public function test_presence_channels(): void
    {
        $answer = $this->authorizer()->presenceChannel('presence-foobar', '1234.1234', '10', ['name' => 'Mr. Channels']);

        $this->assertSame('{"user_id":"10","user_info":{"name":"Mr. Channels"}}', $answer['channel_data']);
        $this->assertSame(
            self::KEY.':'.hash_hmac('sha256', '1234.1234:presence-foobar:'.$answer['channel_data'], '7ad3773142a6692b25b8'),
            $answer['auth'],
        );
    }

    /** The vector of Pusher's "User authentication signatures". */
    public function test_users_who_sign_in(): void
    {
        $answer = (new ChannelAuthorizer(self::KEY, '7ad3773142a6692b25b8'))->user('1234.1234', ['id' => '12345']);

        $this->assertSame('{"id":"12345"}', $answer['user_data']);
        $this->assertSame(
            self::KEY.':4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba',
            $answer['auth'],
        );
    }

    /** So that the server knows whose connection it is, and with which login to end it. */
    public function test_what_is_signed_can_name_the_login(): void
    {
        $answers = [
            $this->authorizer()->privateChannel('private-foobar', '1234.1234', '10', 'laptop'),
            $this->authorizer()->presenceChannel('presence-foobar', '1234.1234', '10', session: 'laptop'),
            $this->authorizer()->user('1234.1234', ['id' => '10'], 'laptop'),
        ];

        $this->assertSame('{"user_id":"10","skein_session":"laptop"}', $answers[0]['channel_data']);
        $this->assertSame('{"user_id":"10","skein_session":"laptop"}', $answers[1]['channel_data']);
        $this->assertSame('{"id":"10","skein_session":"laptop"}', $answers[2]['user_data']);
        $this->assertSame(
            self::KEY.':'.hash_hmac('sha256', '1234.1234:private-foobar:'.$answers[0]['channel_data'], '7ad3773142a6692b25b8'),
            $answers[0]['auth'],
        );
    }

    public function test_a_socket_id_that_is_none_is_not_signed(): void
    {
        $this->expectException(InvalidArgumentException::class);
        $this->authorizer()->privateChannel('private-mine', "1.2:private-yours\n");
    }
}
