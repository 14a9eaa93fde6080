<?php

declare(strict_types=1);

namespace Skein\Http;

use Skein\Exceptions\ConnectionException;

interface Transport
{
    /**
     * Posts the request once and returns what came back, whatever its status.
     *
     * @throws ConnectionException when no answer came
     */
    public function send(Request $request): Response;
}
