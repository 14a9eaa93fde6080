<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Closure;
use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\Broadcasters\UsePusherChannelConventions;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Http\Request;
use Skein\Exceptions\RefusedException;
use Skein\Exceptions\SkeinException;
use Skein\Pusher\ChannelAuthorizer;
use Skein\Skein;
use Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException;

/**
 * Laravel's broadcasting over Skein.
 *
 * Authorises both kinds of clients at /broadcasting/auth: Laravel Echo and pusher-js, which send their socket id, and
 * centrifuge-js, which sends none and gets a subscription token: `{"token": "…"}`.
 */
class SkeinBroadcaster extends Broadcaster
{
    use UsePusherChannelConventions;

    /** @param  Closure(): Skein  $skein  Asked for when first needed: without keys in .env `php artisan` must still run */
    public function __construct(
        private readonly Closure $skein,
        private readonly JobKeys $keys,
        private readonly ?ChannelAuthorizer $pusher,
        private readonly int $tokenTtl = 3600,
    ) {
    }

    /**
     * Authenticate the incoming request for a given channel.
     *
     * @param  Request  $request
     * @return array<string, string>
     *
     * @throws AccessDeniedHttpException
     */
    public function auth($request)
    {
        $channel = $request->input('channel_name');

        if (! is_string($channel) || $channel === '') {
            throw new AccessDeniedHttpException();
        }

        $name = $this->normalizeChannelName($channel);

        // Also for names that are not guarded: centrifuge-js asks for every channel whose rule wants a token.
        if (! $this->retrieveUser($request, $name)) {
            throw new AccessDeniedHttpException();
        }

        $this->ensureNotEncrypted([$channel]);

        return $this->verifyUserCanAccessChannel($request, $name);
    }

    /**
     * Return the valid authentication response.
     *
     * @param  Request  $request
     * @param  mixed  $result  What the channel's rule returned; in presence channels the others see it
     * @return array<string, string>
     */
    public function validAuthenticationResponse($request, $result)
    {
        $channel = $request->input('channel_name');
        $user = $this->retrieveUser($request, $this->normalizeChannelName($channel));
        $userId = Identity::idOf($user);
        $info = str_starts_with($channel, 'presence-') && $result !== true ? $result : null;

        if (! $request->has('socket_id')) {
            return ['token' => ($this->skein)()->tokens()->subscription($userId, $channel, $this->tokenTtl, $info)];
        }

        return $this->pusherAnswer($request, $channel, $userId, $info);
    }

    /**
     * Resolve the authenticated user payload for an incoming connection request (`pusher.signin()`, Laravel 9 and newer).
     *
     * @param  Request  $request
     * @return array<string, string>|null
     */
    public function resolveAuthenticatedUser($request)
    {
        $user = parent::resolveAuthenticatedUser($request);

        if (! $user || $this->pusher === null || ! ChannelAuthorizer::isSocketId($request->input('socket_id'))) {
            return null;
        }

        return $this->pusher->user($request->input('socket_id'), $user, $this->loginOf($request));
    }

    /**
     * Broadcast the given event.
     *
     * @param  string  $event
     * @return void
     *
     * @throws BroadcastException
     */
    public function broadcast(array $channels, $event, array $payload = [])
    {
        $socket = $payload['socket'] ?? null;
        unset($payload['socket']);
        $names = array_values(array_unique($this->formatChannels($channels)));

        if ($names === []) {
            return;
        }

        $this->ensureNotEncrypted($names);

        try {
            $outcomes = ($this->skein)()->broadcast(
                $names,
                (object) $payload,
                tags: ['event' => $event],
                idempotencyKey: $this->keys->next($names, $event),
                exclude: is_string($socket) ? $socket : null,
            );
        } catch (SkeinException $exception) {
            throw new BroadcastException("Skein: {$exception->getMessage()}", $exception->getCode(), $exception);
        }

        $this->ensureAllDone($outcomes);
    }

    private function pusherAnswer(Request $request, string $channel, string $userId, mixed $info): array
    {
        $socketId = $request->input('socket_id');

        if ($this->pusher === null) {
            throw new BroadcastException('config/skein.php has no pusher key and secret, which clients like Echo need');
        }

        if (! ChannelAuthorizer::isSocketId($socketId)) {
            throw new AccessDeniedHttpException('socket_id must look like 123.456');
        }

        return str_starts_with($channel, 'presence-')
            ? $this->pusher->presenceChannel($channel, $socketId, $userId, $info, $this->loginOf($request))
            : $this->pusher->privateChannel($channel, $socketId, $userId, $this->loginOf($request));
    }

    /** The login that the connection ends with. Apps with API tokens have no session, and get what Pusher answers. */
    private function loginOf(Request $request): ?string
    {
        return $request->hasSession() ? SessionMark::sessionId($request->session()) : null;
    }

    /** Nothing is encrypted here, and sending as plain text what was meant to be secret would be worse than failing. */
    private function ensureNotEncrypted(array $channels): void
    {
        foreach ($channels as $channel) {
            if (str_starts_with($channel, 'private-encrypted-')) {
                throw new BroadcastException(
                    "\"$channel\": the driver skein has no encrypted channels. Broadcast those with Laravel's driver pusher, which Skein takes as well",
                );
            }
        }
    }

    /** Channels that took it are not repeated when the job is: the key stays the same. */
    private function ensureAllDone(array $outcomes): void
    {
        $refused = array_filter($outcomes, static fn ($outcome) => $outcome instanceof RefusedException);

        if ($refused === []) {
            return;
        }

        $first = reset($refused);
        $channel = array_key_first($refused);
        $others = count($refused) > 1 ? ' and '.(count($refused) - 1).' more' : '';

        throw new BroadcastException("Skein: channel \"$channel\"$others: {$first->getMessage()}", $first->getCode(), $first);
    }
}
