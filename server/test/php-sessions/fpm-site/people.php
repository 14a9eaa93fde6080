<?php
// Who may log in to this site. Everybody's password is "goose".
declare(strict_types=1);

const PASSWORD = '$2y$04$f6kC0uJ04eDEz.WfP89oYeOJ0hfafWxpfuYH9X2Ya46NZI9fGndlu';
const PEOPLE = [
    'zhang' => ['id' => 42, 'name' => '张伟'],
    'wang' => ['id' => 43, 'name' => '王芳'],
    'li' => ['id' => 44, 'name' => '李娜'],
];
