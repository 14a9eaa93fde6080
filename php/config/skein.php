<?php

return [

    /*
    | Where PHP reaches the server. Often inside your network, and not what browsers use.
    */
    'url' => env('WEBSOCKET_URL', 'http://127.0.0.1:8080'),

    /*
    | Where browsers reach it: for your pages. The default is right when your web server passes
    | /connection, /app, /ws and /chat on to Skein.
    */
    'public_url' => env('WEBSOCKET_PUBLIC_URL', env('APP_URL', 'http://127.0.0.1:8080')),

    /*
    | The same as in the server's configuration (websocket:serve passes them on).
    */
    'api_key' => env('SKEIN_API_KEY'),
    'token_secret' => env('SKEIN_TOKEN_HMAC_SECRET'),

    /*
    | The Pusher app, for Laravel Echo and pusher-js. Leave it out when your pages use centrifuge-js.
    */
    'pusher' => [
        'id' => env('PUSHER_APP_ID', 'skein'),
        'key' => env('PUSHER_APP_KEY'),
        'secret' => env('PUSHER_APP_SECRET'),
    ],

    /*
    | Seconds. A server that is down delays a page by at most about attempts × timeout.
    */
    'connect_timeout' => (float) env('WEBSOCKET_CONNECT_TIMEOUT', 1),
    'timeout' => (float) env('WEBSOCKET_TIMEOUT', 3),
    'attempts' => (int) env('WEBSOCKET_ATTEMPTS', 3),

    /*
    | How long tokens for pages are valid, in seconds. Clients fetch a new one by themselves.
    */
    'token_ttl' => (int) env('WEBSOCKET_TOKEN_TTL', 3600),

    /*
    | The user's name and picture in the chat: attributes of your user model, the first that is not empty.
    */
    'name' => ['name', 'username'],
    'avatar' => ['avatar', 'avatar_url'],

    /*
    | php artisan websocket:serve. `program` is what starts Skein; `settings` are further settings of the
    | server by name, e.g. 'limits.ping_interval' => '20s' or 'channels' => [['pattern' => 'news', 'subscribe' => 'anyone']].
    */
    'serve' => [
        'program' => explode(' ', (string) env('WEBSOCKET_PROGRAM', 'npx skein')),
        'host' => env('SKEIN_HOST', '127.0.0.1'),
        'port' => (int) env('SKEIN_PORT', 8080),
        'data' => env('SKEIN_DATA'),
        'origins' => array_filter(explode(' ', (string) env('WEBSOCKET_ORIGINS', env('APP_URL', '')))),
        'settings' => [],
    ],

];
