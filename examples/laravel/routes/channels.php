<?php

use Illuminate\Support\Facades\Broadcast;

// Customers see their own orders; order 42 is of user 1.
Broadcast::channel('orders.{id}', fn ($user, $id) => (int) $id === 41 + $user->id);

// Who is in the warehouse, with a name for the others.
Broadcast::channel('warehouse', fn ($user) => ['name' => $user->name]);
