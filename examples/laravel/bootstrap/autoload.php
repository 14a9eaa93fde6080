<?php

// With composer: vendor/autoload.php and nothing else. Without it: Debian's Laravel, and the package from this repository.
if (is_file(__DIR__.'/../vendor/autoload.php')) {
    require __DIR__.'/../vendor/autoload.php';

    return;
}

// Laravel 8 is older than PHP 8.2 and makes it grumble.
error_reporting(E_ALL & ~E_DEPRECATED);

require 'Illuminate/autoload.php';

$package = getenv('PACKAGE_FOLDER') ?: __DIR__.'/../../../php';
$folders = ['App\\' => __DIR__.'/../app', 'Skein\\' => "$package/src"];

spl_autoload_register(static function (string $class) use ($folders): void {
    foreach ($folders as $prefix => $folder) {
        $file = $folder.'/'.strtr(substr($class, strlen($prefix)), '\\', '/').'.php';

        if (str_starts_with($class, $prefix) && is_file($file)) {
            require $file;
        }
    }
});
