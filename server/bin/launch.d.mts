interface FoundBun {
  path?: string
  problem?: string
}

export function launch(args: readonly string[], main?: string): void
export function findBun(env?: Record<string, string | undefined>, platform?: string, arch?: string): FoundBun
export function checkBun(path: string): FoundBun
export function isNewEnough(version: string): boolean
