<?php

// 对应 .env 里的：  [WEBSOCKET] URL = http://127.0.0.1:8080   [SKEIN] API_KEY = …   TOKEN_HMAC_SECRET = …

return [
    // PHP 访问服务的地址，以及浏览器访问服务的地址。
    'url' => env('WEBSOCKET.URL', 'http://127.0.0.1:8080'),
    'public_url' => env('WEBSOCKET.PUBLIC_URL', ''),

    // 与服务的配置相同（websocket:serve 会自动传过去）。
    'api_key' => env('SKEIN.API_KEY', ''),
    'token_secret' => env('SKEIN.TOKEN_HMAC_SECRET', ''),

    // Pusher 应用，供 pusher-js 使用；页面用 centrifuge-js 时留空。
    'pusher' => [
        'id' => env('PUSHER.APP_ID', 'skein'),
        'key' => env('PUSHER.APP_KEY', ''),
        'secret' => env('PUSHER.APP_SECRET', ''),
    ],

    // 单位为秒。服务不可用时，页面最多多等约 attempts × timeout。
    'connect_timeout' => (float) env('WEBSOCKET.CONNECT_TIMEOUT', 1),
    'timeout' => (float) env('WEBSOCKET.TIMEOUT', 3),
    'attempts' => (int) env('WEBSOCKET.ATTEMPTS', 3),
    'token_ttl' => (int) env('WEBSOCKET.TOKEN_TTL', 3600),

    // 登录用户的 ID 在会话里的位置：'user.id'；可以写多个：['user_id', 'admin.id']。
    'user_path' => 'user_id',

    // php think websocket:serve 的参数。settings 里可以写服务的其他配置项，键为配置项名称。
    'serve' => [
        'program' => explode(' ', (string) env('WEBSOCKET.PROGRAM', 'npx skein')),
        'host' => env('SKEIN.HOST', '127.0.0.1'),
        'port' => (int) env('SKEIN.PORT', 8080),
        'data' => env('SKEIN.DATA', ''),
        'origins' => array_filter(explode(' ', (string) env('WEBSOCKET.ORIGINS', ''))),
        'settings' => [],
    ],
];
