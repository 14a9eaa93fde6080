<?php

declare(strict_types=1);

namespace Skein\Pusher;

use InvalidArgumentException;

/** Answers pusher-js and Laravel Echo when they ask whether somebody may be in a private or presence channel. */
final class ChannelAuthorizer
{
    public function __construct(
        private readonly string $key,
        #[\SensitiveParameter] private readonly string $secret,
    ) {
    }

    /** Whether a client can have sent this as its `socket_id`. */
    public static function isSocketId(mixed $socketId): bool
    {
        return is_string($socketId) && preg_match('/^\d{1,16}\.\d{1,16}$/D', $socketId) === 1;
    }

    /**
     * Lets a connection into a private channel.
     *
     * @param  string|null  $userId  Whose connection it is, beside `$session`
     * @param  string|null  $session  Names the login, as of `Skein::endSession`: the connection ends with it
     * @return array{auth: string, channel_data?: string}
     *
     * @throws InvalidArgumentException when the socket id is none
     */
    public function privateChannel(string $channel, string $socketId, ?string $userId = null, ?string $session = null): array
    {
        if ($session !== null) {
            return $this->member($channel, $socketId, ['user_id' => (string) $userId, 'skein_session' => $session]);
        }

        return ['auth' => $this->signature("{$this->checked($socketId)}:$channel")];
    }

    /**
     * Lets a connection into a presence channel, as this user.
     *
     * @param  mixed  $userInfo  What the other members see
     * @param  string|null  $session  Names the login, as of `Skein::endSession`: the connection ends with it
     * @return array{auth: string, channel_data: string}
     *
     * @throws InvalidArgumentException when the socket id is none
     */
    public function presenceChannel(
        string $channel,
        string $socketId,
        string $userId,
        mixed $userInfo = null,
        ?string $session = null,
    ): array {
        return $this->member($channel, $socketId, ['user_id' => $userId]
            + ($userInfo === null ? [] : ['user_info' => $userInfo])
            + self::login($session));
    }

    /**
     * Answers `pusher.signin()`.
     *
     * @param  array{id: string}  $user  With `id`, and what else the server may know (`user_info`, `watchlist`)
     * @param  string|null  $session  Names the login, as of `Skein::endSession`: the connection ends with it
     * @return array{auth: string, user_data: string}
     *
     * @throws InvalidArgumentException when the socket id is none
     */
    public function user(string $socketId, array $user, ?string $session = null): array
    {
        $data = self::encode($user + self::login($session));

        return ['auth' => $this->signature("{$this->checked($socketId)}::user::$data"), 'user_data' => $data];
    }

    /** @return array{auth: string, channel_data: string} */
    private function member(string $channel, string $socketId, array $member): array
    {
        $data = self::encode($member);

        return ['auth' => $this->signature("{$this->checked($socketId)}:$channel:$data"), 'channel_data' => $data];
    }

    private static function login(?string $session): array
    {
        return $session === null ? [] : ['skein_session' => $session];
    }

    private static function encode(array $data): string
    {
        return json_encode($data, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }

    private function signature(string $text): string
    {
        return $this->key.':'.hash_hmac('sha256', $text, $this->secret);
    }

    /** A socket id with a colon in it could make one signature mean another channel. */
    private function checked(string $socketId): string
    {
        return self::isSocketId($socketId)
            ? $socketId
            : throw new InvalidArgumentException("a socket id looks like 123.456, got \"$socketId\"");
    }
}
