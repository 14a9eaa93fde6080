<?php

namespace App\Providers;

use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        Route::middleware('web')->group($this->app->basePath('routes/web.php'));
        Broadcast::routes();
        require $this->app->basePath('routes/channels.php');
    }
}
