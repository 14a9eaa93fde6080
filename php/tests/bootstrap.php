<?php

declare(strict_types=1);

// As composer would load the package and its test classes; PSR interfaces, Guzzle and Laravel come from the system's packages.
spl_autoload_register(static function (string $class): void {
    foreach (['Skein\\Tests\\' => __DIR__, 'Skein\\' => dirname(__DIR__).'/src'] as $prefix => $folder) {
        if (str_starts_with($class, $prefix)) {
            $file = $folder.'/'.strtr(substr($class, strlen($prefix)), '\\', '/').'.php';

            if (is_file($file)) {
                require $file;
            }

            return;
        }
    }
});

require_once 'GuzzleHttp/autoload.php';
require_once 'Illuminate/autoload.php';
