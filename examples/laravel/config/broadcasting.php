<?php

return [
    'default' => env('BROADCAST_DRIVER', 'skein'),
    'connections' => [
        'skein' => ['driver' => 'skein'],
    ],
];
