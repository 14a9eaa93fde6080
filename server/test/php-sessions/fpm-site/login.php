<?php
// Account and password in, a session with a new id out.
declare(strict_types=1);

require __DIR__ . '/people.php';

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $person = PEOPLE[$_POST['account'] ?? ''] ?? null;
    if ($person !== null && password_verify($_POST['password'] ?? '', PASSWORD)) {
        session_start();
        session_regenerate_id(true);
        $_SESSION['user_id'] = $person['id'];
        $_SESSION['user_name'] = $person['name'];
        header('Location: ./', true, 303);
        exit;
    }
    http_response_code(401);
}
?>
<!doctype html>
<meta charset="utf-8">
<title>Log in</title>
<link rel="icon" href="data:,">
<?php if (http_response_code() === 401) { ?><p role="alert">No such account, or not its password.</p><?php } ?>
<form method="post">
    <label>Account <input name="account"></label>
    <label>Password <input name="password" type="password"></label>
    <button>Log in</button>
</form>
