<?php

// Sessions in base64, one a line, as PHP itself decodes them: who is under user_id, "-" for nobody, "refused", or "thrown"
// when a class of PHP's own objects to what it would have to hold.

ini_set('display_errors', '0');
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('session.serialize_handler', $argv[1]);
ini_set('session.save_path', $argv[2]);
$answers = [];

while (($line = fgets(STDIN)) !== false) {
    // Bytes that PHP refuses end the session.
    if (session_status() !== PHP_SESSION_ACTIVE) {
        session_id('0123456789abcdefghijklmnop');
        session_start();
    }

    $_SESSION = [];

    try {
        $isGood = session_decode(base64_decode($line)) && is_array($_SESSION);
        $id = $isGood ? $_SESSION['user_id'] ?? null : null;
        $answers[] = $isGood ? (is_int($id) || is_string($id) ? base64_encode((string) $id) : '-') : 'refused';
    } catch (Throwable) {
        $answers[] = 'thrown';
    }
}

echo implode("\n", $answers);
