import { createReadStream } from "node:fs"

/**
 * Tells when the launcher is gone, even by kill -9: it holds the other end of a pipe and never writes to it.
 *
 * @param fd - the descriptor the launcher named in SKEIN_LAUNCHER_FD
 */
export function watchLauncher(fd: number, gone: () => void): void {
  let told = false
  const tell = () => {
    if (!told) gone()
    told = true
  }
  // A file stream, not a socket: Bun 1.4.4 reports no end on a net.Socket made from a descriptor.
  const pipe = createReadStream("", { fd })
  pipe.on("end", tell)
  pipe.on("error", tell)
  pipe.resume()
}
