<?php // Tells Skein who is logged in. Ask it from inside your network only.
header('Content-Type: application/json');
if (!isset($_COOKIE[session_name()])) exit('{"id": null}');
session_start(['read_and_close' => true]); // holds up no other page of the visitor
echo json_encode([
    'id' => $_SESSION['user_id'] ?? null,
    'name' => $_SESSION['user_name'] ?? null,
    'avatar' => $_SESSION['user_avatar'] ?? null,
    'session' => hash('sha256', session_id()),
]);
