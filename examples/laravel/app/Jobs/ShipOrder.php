<?php

namespace App\Jobs;

use App\Events\OrderShipped;
use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Queue\InteractsWithQueue;
use RuntimeException;

/** Tells the customer, and then fails at the first attempt, as jobs do. */
class ShipOrder implements ShouldQueue
{
    use Dispatchable, InteractsWithQueue, Queueable;

    public $tries = 2;

    public function __construct(public int $orderId)
    {
    }

    public function handle(): void
    {
        event(new OrderShipped($this->orderId, 'SF-'.hrtime(true)));

        if ($this->attempts() === 1) {
            throw new RuntimeException('the label printer is out of paper');
        }
    }
}
