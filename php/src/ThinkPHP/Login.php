<?php

declare(strict_types=1);

namespace Skein\ThinkPHP;

use Skein\Skein;
use think\App;

/**
 * The user who is logged in, as Skein sees it. ThinkPHP has no login of its own, so call `begin` after you have put the
 * user's id into the session, and `end` to log out.
 */
class Login
{
    public function __construct(
        private readonly App $app,
        private readonly Skein $skein,
    ) {
    }

    /**
     * Names the login and says what its user is called.
     *
     * @param  string|null  $avatar  Address of a picture: http(s), or a path on the site
     */
    public function begin(?string $name = null, ?string $avatar = null): void
    {
        $this->app->session->set('skein', array_filter(['name' => $name, 'avatar' => $avatar], 'is_string')
            + ['sid' => bin2hex(random_bytes(16))]);
    }

    /** The name of this login, for `ChannelAuthorizer`: what is let in with it ends with it. */
    public function name(): string
    {
        return $this->mark()['sid'];
    }

    /**
     * A token for the page: for centrifuge-js, and for signing in to the chat.
     *
     * @param  string|int  $user  As `user_path` has it in the session
     */
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

    /**
     * Takes the user out of the session and closes this login's sockets. Whatever else is in the session stays.
     *
     * @throws \Skein\Exceptions\SkeinException when the server cannot be told; the user is logged out all the same
     */
    public function end(): void
    {
        $session = $this->app->session;
        $logins = [$this->name(), hash('sha256', $session->getId())];

        $session->delete('skein');
        $session->delete($this->userPath());
        // ThinkPHP would write it when the page ends: whoever is asked about this session before must find nobody.
        $session->save();
        $this->skein->endSession(...$logins);
    }

    /** Where the session has the user whom Skein sees: of several places the first that holds one. */
    private function userPath(): string
    {
        $paths = SiteSettings::userPaths($this->app);
        $taken = array_filter($paths, fn (string $path) => ! empty($this->app->session->get($path)));

        return reset($taken) ?: $paths[0];
    }

    /** What the session keeps for Skein; made here for a login that did not call `begin`. */
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
