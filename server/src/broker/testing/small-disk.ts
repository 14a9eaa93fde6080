import { mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/**
 * A file system of its own, of a few megabytes, that can be full or read-only for real.
 * Needs root (as in CI): fails loudly where it cannot be mounted, because a skipped test proves nothing.
 */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), "skein-disk-"))

  constructor(mebibytes: number) {
    run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "skein-test", this.path)
  }

  makeReadOnly(): void {
    run("mount", "-o", "remount,ro", this.path)
  }

  makeWritable(): void {
    run("mount", "-o", "remount,rw", this.path)
  }

  grow(mebibytes: number): void {
    run("mount", "-o", `remount,size=${mebibytes}m`, this.path)
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
