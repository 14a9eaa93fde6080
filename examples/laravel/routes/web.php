<?php

use App\Events\OrderPaid;
use App\Events\OrderShipped;
use App\Jobs\ShipOrder;
use App\Models\User;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Route;
use Skein\Chat\Card;
use Skein\Laravel\Identity;
use Skein\Laravel\SkeinServiceProvider;
use Skein\Skein;

SkeinServiceProvider::routes();

Route::get('/', fn () => ['user' => Auth::user()]);

// Tells Skein who is logged in, where it asks the site instead of reading the sessions. For your network only.
Route::get('/skein/whoami', function () {
    $me = [
        'id' => auth()->id(),
        'name' => auth()->user()?->name,
        'avatar' => auth()->user()?->avatar_url,
        'session' => hash('sha256', session()->getId()),
    ];
    config(['session.driver' => 'null']); // read only: what is flashed, and the page to go back to, stay as they are

    return $me;
})->middleware('web');

Route::post('/login', function (Request $request) {
    abort_unless(Auth::attempt($request->only('email', 'password')), 422);
    $request->session()->regenerate();

    return ['user' => Auth::user()];
});

Route::post('/logout', function (Request $request) {
    Auth::logout();
    $request->session()->invalidate();
    $request->session()->regenerateToken();

    return [];
});

Route::middleware('auth')->group(function () {
    Route::post('/orders/{id}/ship', function (int $id) {
        broadcast(new OrderShipped($id, 'SF1234567890'))->toOthers();

        return [];
    });
    Route::post('/orders/{id}/pay', function (int $id) {
        OrderPaid::dispatch($id);

        return [];
    });
    Route::post('/orders/{id}/ship-later', function (int $id) {
        ShipOrder::dispatch($id);

        return [];
    });
    Route::post('/orders/{id}/notice', function (int $id, Request $request, Skein $skein, Identity $identity) {
        $customer = $identity->person($request->user());
        $card = Card::titled("Order $id has been shipped")->line('Parcel', 'SF1234567890')->url("/orders/$id");
        $skein->chat()->tell($customer, $card, siteName: 'Shop', clientId: "order-$id-shipped");

        return [];
    });
    Route::post('/ban/{user}', function (User $user, Skein $skein) {
        $skein->endSessionsOf((string) $user->id);

        return [];
    });
});
