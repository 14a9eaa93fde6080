<?php

// .env of ThinkPHP:  [WEBSOCKET] URL = http://127.0.0.1:8080   [SKEIN] API_KEY = …   TOKEN_HMAC_SECRET = …

return [
    // Where PHP reaches the server, and where browsers do.
    'url' => env('WEBSOCKET.URL', 'http://127.0.0.1:8080'),
    'public_url' => env('WEBSOCKET.PUBLIC_URL', ''),

    // The same in the server's configuration (websocket:serve hands them over).
    'api_key' => env('SKEIN.API_KEY', ''),
    'token_secret' => env('SKEIN.TOKEN_HMAC_SECRET', ''),

    // The Pusher app, for pusher-js. Empty when the pages use centrifuge-js.
    'pusher' => [
        'id' => env('PUSHER.APP_ID', 'skein'),
        'key' => env('PUSHER.APP_KEY', ''),
        'secret' => env('PUSHER.APP_SECRET', ''),
    ],

    // Seconds. A server that is down holds up a page for at most about attempts × timeout.
    'connect_timeout' => (float) env('WEBSOCKET.CONNECT_TIMEOUT', 1),
    'timeout' => (float) env('WEBSOCKET.TIMEOUT', 3),
    'attempts' => (int) env('WEBSOCKET.ATTEMPTS', 3),
    'token_ttl' => (int) env('WEBSOCKET.TOKEN_TTL', 3600),

    // Where in the session the id of the user is who is logged in: 'user.id', or several: ['user_id', 'admin.id'].
    'user_path' => 'user_id',

    // php think websocket:serve. `settings` are further settings of the server by name.
    'serve' => [
        'program' => explode(' ', (string) env('WEBSOCKET.PROGRAM', 'npx skein')),
        'host' => env('SKEIN.HOST', '127.0.0.1'),
        'port' => (int) env('SKEIN.PORT', 8080),
        'data' => env('SKEIN.DATA', ''),
        'origins' => array_filter(explode(' ', (string) env('WEBSOCKET.ORIGINS', ''))),
        'settings' => [],
    ],
];
