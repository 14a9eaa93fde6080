<?php
// The site's home: who you are here, and the way to the chat.
declare(strict_types=1);

session_start();
$name = htmlspecialchars($_SESSION['user_name'] ?? '');
?>
<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
<p id="by"><?= PHP_SAPI ?> for <?= $_SERVER['REMOTE_ADDR'] ?></p>
<?php if ($name === '') { ?>
<a href="login.php">Log in</a>
<?php } else { ?>
<h1><?= $name ?></h1>
<a href="skein/">Chat</a>
<form method="post" action="logout.php"><button>Log out</button></form>
<?php } ?>
