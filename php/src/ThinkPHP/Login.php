<?php

declare(strict_types=1);

namespace Skein\ThinkPHP;

use Skein\Skein;
use think\App;

/**
 * The user who is logged in, as Skein sees it. ThinkPHP has no login of its own, so call `begin` after you have set
 * your `user_id` in the session, and `end` before you clear it.
 */
class Login
{
    public function __construct(
        private readonly App $app,
        private readonly Skein $skein,
    ) {
    }

    /** @param  string|null  $avatar  Address of a picture: http(s), or a path on the site */
    public function begin(?string $name = null, ?string $avatar = null): void
    {
        $this->app->session->set('skein', array_filter(['name' => $name, 'avatar' => $avatar], 'is_string')
            + ['sid' => bin2hex(random_bytes(16))]);
    }

    /** A token for the page: for centrifuge-js, and for signing in to the chat. */
    public function token(string|int $user): string
    {
        $mark = $this->mark();

        return $this->skein->tokens()->connection(
            $user,
            $mark['name'] ?? null,
            $mark['avatar'] ?? null,
            (int) $this->app->config->get('skein.token_ttl', 3600),
            $mark['sid'],
        );
    }

    /** Closes this login's sockets. @throws \Skein\Exceptions\SkeinException when the server cannot be told */
    public function end(): void
    {
        $sid = $this->mark()['sid'];
        $this->app->session->delete('skein');
        $this->skein->endSession($sid, hash('sha256', $this->app->session->getId()));
    }

    private function mark(): array
    {
        $mark = (array) $this->app->session->get('skein', []);

        if (! isset($mark['sid'])) {
            $mark['sid'] = bin2hex(random_bytes(16));
            $this->app->session->set('skein', $mark);
        }

        return $mark;
    }
}
