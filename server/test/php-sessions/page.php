<?php
// One page of a PHP site, run under php-cgi by the tests. It says what it did as JSON.
declare(strict_types=1);

ini_set('display_errors', '0');
session_start();
switch ($_GET['do'] ?? 'look') {
    case 'login':
        $_SESSION['user_id'] = ctype_digit($_GET['user']) ? (int) $_GET['user'] : $_GET['user'];
        $_SESSION['skein'] = ['name' => '张伟 ' . $_GET['user'], 'avatar' => '/avatars/' . $_GET['user'] . '.png'];
        $_SESSION['cart'] = [['sku' => 'A|1;"', 'qty' => 2, 'price' => 12.5], (object) ['sku' => "\xff\0", 'note' => null]];
        $_SESSION['same'] = &$_SESSION['cart'];
        break;
    case 'logout':
        session_destroy();
        break;
    case 'forget':
        unset($_SESSION['user_id']);
        break;
    case 'renew':
        session_regenerate_id(true);
        break;
}
header('Content-Type: application/json');
echo json_encode(['id' => session_id(), 'user' => $_SESSION['user_id'] ?? null]);
