import { mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/**
 * A file system of its own, of a few megabytes, that can be full or read-only for real.
 * Needs root, or a namespace where one is root (as in bin/ci): fails loudly where it cannot be mounted, because a skipped test proves nothing.
 */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), "skein-disk-"))

  constructor(mebibytes: number) {
    run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "skein-test", this.path)
  }

  makeReadOnly(): void {
    this.#remount("ro")
  }

  makeWritable(): void {
    this.#remount("rw")
  }

  grow(mebibytes: number): void {
    this.#remount(`size=${mebibytes}m`)
  }

  /** Without looking up the options it has: in a namespace, the owner among them means nobody. */
  #remount(option: string): void {
    run("mount", "--options-source=disable", "-o", `remount,${option}`, this.path)
  }

  remove(): void {
    // Lazy: a process killed a moment ago may still hold a file.
    run("umount", "-l", this.path)
    rmdirSync(this.path)
  }
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" })
  if (exitCode === 0) return
  throw new Error(`${command.join(" ")}: ${stderr.toString().trim()}. This test mounts a tmpfs and has to run as root.`)
}
