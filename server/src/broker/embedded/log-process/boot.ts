import { readFileSync } from "node:fs"
import { uptime } from "node:os"

/**
 * Names this run of the machine: the same until it is rebooted.
 *
 * Without Linux's boot id it is the time of boot in steps of ten seconds, which may differ although nothing happened.
 * Positions are then voided once more than needed, but never once less.
 */
export function bootName(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return `booted ${Math.round((Date.now() / 1000 - uptime()) / 10)}`
  }
}
