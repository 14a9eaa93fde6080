<?php

namespace App\Events;

use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;

class Announced implements ShouldBroadcastNow
{
    use InteractsWithSockets;

    public function __construct(public string $text)
    {
    }

    public function broadcastOn(): Channel
    {
        return new Channel('news');
    }
}
