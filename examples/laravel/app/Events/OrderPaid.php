<?php

namespace App\Events;

use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PresenceChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Foundation\Events\Dispatchable;

/** Broadcast by the queue. */
class OrderPaid implements ShouldBroadcast
{
    use Dispatchable, InteractsWithSockets;

    public function __construct(public int $orderId)
    {
    }

    public function broadcastOn(): array
    {
        return [new PresenceChannel('warehouse')];
    }

    public function broadcastAs(): string
    {
        return 'order.paid';
    }
}
