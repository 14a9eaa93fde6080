import { afterEach, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { SessionAnswer } from "../../src/chat/contract.ts"
import { Program, temporaryFolder } from "../cli/program.ts"
import { freePort } from "../support/ports.ts"
import { API_KEY, TOKEN_SECRET } from "../support/server.ts"
import { PHP_FOLDER, runInPackage } from "./run.ts"

// ThinkPHP itself cannot be installed where the tests run: its classes are stand-ins (php/tests/ThinkPHP/framework.php),
// the command, the server and the format of the session's file are real.
const SKEIN = join(import.meta.dir, "../../bin/skein.mjs")
const SESSION_ID = "0123456789abcdef0123456789abcdef"

let running: Program | undefined
afterEach(() => running?.kill("SIGKILL"))

const siteIn = (folder: string, port: number, session: string, cache = "[]"): string => `
  require 'tests/bootstrap.php';
  require 'tests/ThinkPHP/framework.php';
  $app = new think\\App([
      'skein' => ['api_key' => '${API_KEY}', 'token_secret' => '${TOKEN_SECRET}',
          'serve' => ['host' => '127.0.0.1', 'port' => ${port}, 'program' => ['node', '${SKEIN}']]],
      'session' => ${session},
      'cache' => ${cache},
  ], '${folder}/');
  $command = new Skein\\ThinkPHP\\Command\\WebsocketServe();
  $command->setApp($app);`

test("php think websocket:serve: whose session ThinkPHP keeps in a file is in the chat by name", async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "runtime/session"), { recursive: true })
  const data = `a:2:{s:7:"user_id";i:42;s:5:"skein";a:1:{s:4:"name";s:6:"小明";}}`
  writeFileSync(join(folder, `runtime/session/sess_${SESSION_ID}`), data)
  const port = await freePort()
  const run = "exit($command->run(new think\\console\\Input(), new think\\console\\Output()));"
  running = new Program(["php", "-r", `${siteIn(folder, port, "['type' => 'file', 'expire' => 1440]")} ${run}`], {
    cwd: PHP_FOLDER,
  })
  await running.prints(/^Skein ready on/m)
  const answer = await fetch(`http://127.0.0.1:${port}/chat/session`, {
    headers: { cookie: `PHPSESSID=${SESSION_ID}` },
  })
  expect(((await answer.json()) as SessionAnswer).user).toMatchObject({ id: "42", name: "小明" })
  running.kill("SIGTERM")
  expect((await running.ends()).code).toBe(0)
}, 60_000)

test("php think websocket:run: other commands of Skein know the site too", async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "runtime/session"), { recursive: true })
  writeFileSync(join(folder, `runtime/session/sess_${SESSION_ID}`), 'a:1:{s:7:"user_id";i:42;}')
  const words = `['words' => ['whoami', '--cookie', 'PHPSESSID=${SESSION_ID}']]`
  const run = `$command = new Skein\\ThinkPHP\\Command\\WebsocketRun();
    $command->setApp($app);
    exit($command->run(new think\\console\\Input([], ${words}), new think\\console\\Output()));`
  const { code, output } = await runInPackage(["php", "-r", `${siteIn(folder, 8080, "[]")} ${run}`])
  expect([code, output]).toEqual([0, "user 42\n"])
}, 60_000)

test("the server accepts the settings of every place ThinkPHP keeps sessions in", async () => {
  const folder = temporaryFolder()
  const stores = `['default' => 'file', 'stores' => [
    'file' => ['type' => 'File', 'prefix' => 'c'],
    'redis' => ['type' => 'redis', 'host' => '10.0.0.5', 'password' => 'x:y@z', 'select' => 3, 'prefix' => 'c:'],
    'memcached' => ['type' => 'memcached', 'host' => '10.0.0.6'],
  ]]`
  for (const session of [
    "[]",
    "['type' => 'cache']",
    "['type' => 'cache', 'store' => 'redis', 'serialize' => ['json_encode', 'json_decode']]",
    "['type' => 'cache', 'store' => 'memcached']",
    "['type' => 'app\\\\Own']",
  ]) {
    const print = `passthru('env -i PATH="$PATH" ' . implode(' ', array_map('escapeshellarg', array_map(
      fn ($k, $v) => "$k=$v", array_keys($v = Skein\\Server\\Environment::of((new Skein\\ThinkPHP\\SiteSettings($app))->all())), $v
    ))) . ' node ${SKEIN} config print', $code); exit($code);`
    const { code, output } = await runInPackage(["php", "-r", `${siteIn(folder, 8080, session, stores)} ${print}`])
    expect([code, output]).toEqual([0, expect.stringContaining("api_keys")])
  }
}, 60_000)
