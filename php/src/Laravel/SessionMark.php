<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Contracts\Session\Session;

/**
 * What Skein finds in the site's session: how the user is called (read by the server with the session itself, see
 * `sessions.name_path`), and the name of this login in tokens.
 */
final class SessionMark
{
    private const KEY = 'skein';

    public function __construct(private readonly Identity $identity)
    {
    }

    /** At login. A session that goes on for another user becomes another login. */
    public function put(Session $session, Authenticatable $user): void
    {
        $session->put(self::KEY, $this->identity->shownOf($user) + ['sid' => bin2hex(random_bytes(16))]);
    }

    /** The name of this login. Not the session's id, which pages must not know and which may change within one login. */
    public static function sessionId(Session $session): string
    {
        $sid = $session->get(self::KEY.'.sid');

        if (! is_string($sid)) {
            $session->put(self::KEY.'.sid', $sid = bin2hex(random_bytes(16)));
        }

        return $sid;
    }

    /**
     * At logout.
     *
     * @return list<string> what the login is called: by the server when it reads the session itself, and by us
     */
    public function forget(Session $session): array
    {
        $sid = $session->get(self::KEY.'.sid');
        $session->forget(self::KEY);

        return [hash('sha256', $session->getId()), ...(is_string($sid) ? [$sid] : [])];
    }
}
