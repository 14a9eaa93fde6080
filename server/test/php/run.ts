import { join } from "node:path"
import { Program } from "../cli/program.ts"
import { API_KEY, type TestServer, TOKEN_SECRET } from "../support/server.ts"

export const PHP_FOLDER = join(import.meta.dir, "../../../php")

/** What the package's own tests need to find the server. */
export const serverVariables = (server: TestServer): Record<string, string> => ({
  SKEIN_TEST_URL: server.url,
  SKEIN_TEST_API_KEY: API_KEY,
  SKEIN_TEST_TOKEN_SECRET: TOKEN_SECRET,
})

/** Runs a command in the package's folder to its end. A program that is not there is a failure, never a skip. */
export async function runInPackage(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd: string = PHP_FOLDER,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const program = new Program([...command], { cwd, env: { ...env } })
  const { code } = await program.ends()
  return { code, output: `${program.stdout}${program.stderr}` }
}
