/** How the program ends, for scripts and supervisors. A number keeps its meaning for ever. */
export const EXIT = {
  ok: 0,
  /** Something that should not happen: a defect, or the machine failing. */
  failure: 1,
  /** The command line was not understood. */
  usage: 2,
  /** The configuration was refused. */
  config: 3,
  /** The data folder cannot be made, read or written. */
  dataFolder: 4,
  /** Another server works in the data folder. */
  dataFolderInUse: 5,
  /** The address is taken or may not be used. */
  address: 6,
} as const

/** Ends the program with one clear line on stderr (several when several things are wrong). */
export class CliError extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.name = "CliError"
    this.exitCode = exitCode
  }
}
