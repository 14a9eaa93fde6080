<?php

declare(strict_types=1);

namespace Skein\Laravel;

/**
 * Idempotency keys that a repeated job makes again.
 *
 * A job that is tried again, by the worker or by `queue:retry`, has the same uuid. Its n-th broadcast of an event to the
 * same channels therefore gets the same key, and the server publishes it once. What is in the payload does not count: a
 * time in it would be another one the second time.
 */
final class JobKeys
{
    /** @var list<array{job: int, uuid: string, counts: array<string, int>}> Jobs run inside of each other on the sync queue */
    private array $running = [];

    /** A job begins, maybe inside of another. */
    public function begin(object $job, ?string $uuid): void
    {
        $this->running[] = [
            'job' => spl_object_id($job),
            'uuid' => $uuid ?? bin2hex(random_bytes(16)),
            'counts' => [],
        ];
    }

    /** May be told twice of one job: that it is done, and that a listener failed afterwards. */
    public function end(object $job): void
    {
        $current = array_key_last($this->running);

        if ($current !== null && $this->running[$current]['job'] === spl_object_id($job)) {
            array_pop($this->running);
        }
    }

    /**
     * The key of the broadcast that is about to be sent. Outside of jobs each has one of its own.
     *
     * @param  list<string>  $channels
     */
    public function next(array $channels, string $event): string
    {
        $current = array_key_last($this->running);

        if ($current === null) {
            return bin2hex(random_bytes(16));
        }

        sort($channels);
        $what = $event."\n".implode("\n", $channels);
        $nth = $this->running[$current]['counts'][$what] = ($this->running[$current]['counts'][$what] ?? 0) + 1;

        return hash('sha256', "{$this->running[$current]['uuid']}\n$nth\n$what");
    }
}
