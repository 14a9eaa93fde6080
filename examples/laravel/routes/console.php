<?php

use App\Events\Announced;
use Illuminate\Support\Facades\Artisan;
use Skein\Skein;

Artisan::command('announce {text}', function (string $text, Skein $skein) {
    broadcast(new Announced($text));
    $skein->chat()->post('lobby', $text, siteName: 'Shop');
})->purpose('Tell everybody, in pages and in the chat');
