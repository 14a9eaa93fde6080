<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Contracts\Config\Repository;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Skein\Skein;

/**
 * Gives the page a token for the user who is logged in: for centrifuge-js (`getToken`) and for signing in to the chat
 * (`POST /chat/session`). Register it with `SkeinServiceProvider::routes()`.
 */
final class TokenController
{
    public function __invoke(Request $request, Skein $skein, Identity $identity, Repository $config): JsonResponse
    {
        $user = $request->user();

        if ($user === null) {
            return new JsonResponse(['message' => 'nobody is logged in'], 403);
        }

        $shown = $identity->shownOf($user);
        $token = $skein->tokens()->connection(
            Identity::idOf($user),
            $shown['name'] ?? null,
            $shown['avatar'] ?? null,
            (int) $config->get('skein.token_ttl', 3600),
            $request->hasSession() ? SessionMark::sessionId($request->session()) : null,
        );

        return new JsonResponse(['token' => $token], 200, ['Cache-Control' => 'no-store']);
    }
}
