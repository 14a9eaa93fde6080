<?php
// Ends the session. Skein is told only where it asks this site who somebody is, and so cannot see it by itself.
declare(strict_types=1);

if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    http_response_code(405);
    exit;
}
session_start();
$session = hash('sha256', session_id());
session_destroy();
if (getenv('SKEIN_API') !== false) {
    file_get_contents(getenv('SKEIN_API') . '/disconnect', false, stream_context_create(['http' => [
        'method' => 'POST',
        'header' => ['Content-Type: application/json', 'X-API-Key: ' . getenv('SKEIN_API_KEY')],
        'content' => json_encode(['session' => $session]),
        'timeout' => 2,
    ]]));
}
header('Location: ./', true, 303);
