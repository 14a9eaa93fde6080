import { afterAll, beforeAll, expect, test } from "bun:test"
import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Centrifuge, disconnectedCodes, type Options, State, UnauthorizedError } from "centrifuge"
import { ERRORS } from "../../src/core/errors.ts"
import { Person } from "../chat/person.ts"
import { temporaryFolder } from "../cli/program.ts"
import { API_KEY, TestServer, TOKEN_SECRET } from "../support/server.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { PHP_FOLDER, runInPackage, serverVariables } from "./run.ts"
import { closingOf } from "./shop.ts"

let server: TestServer
beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server.stop())

/** Runs PHP with `$skein` connected to the server; what it prints. */
async function php(code: string): Promise<string> {
  const { code: status, output } = await runInPackage([
    "php",
    "-r",
    `require 'tests/bootstrap.php';
     $skein = Skein\\Skein::connect('${server.url}', '${API_KEY}', '${TOKEN_SECRET}');
     ${code}`,
  ])
  if (status !== 0) throw new Error(output)
  return output
}

/** Runs a call. @returns when PHP made it, as starting PHP takes a time of its own on a busy machine */
async function calledAt(code: string): Promise<number> {
  return Number(await php(`echo (int) (microtime(true) * 1000); ${code}`))
}

for (const suite of ["unit", "server"])
  test(`the package's own tests pass: ${suite}`, async () => {
    const { code, output } = await runInPackage(["phpunit", "--testsuite", suite], serverVariables(server))
    expect(output).toMatch(/^OK \(\d+ tests/m)
    expect(code).toBe(0)
  })

test("the package knows every error of the server by number, and which of them pass", async () => {
  const printed = await php(
    `echo json_encode([array_keys(Skein\\Exceptions\\Errors::CLASSES), Skein\\Exceptions\\Errors::TEMPORARY]);`,
  )
  const rows = Object.values(ERRORS)
  const numbers = (some: typeof rows) => some.map(({ number }) => number).sort((a, b) => a - b)
  expect(JSON.parse(printed)).toEqual([numbers(rows), numbers(rows.filter(({ temporary }) => temporary))])
})

test("composer accepts the package, and it loads with composer's autoloader and nothing else", async () => {
  const folder = temporaryFolder()
  cpSync(PHP_FOLDER, folder, { recursive: true })
  const environment = {
    COMPOSER_HOME: join(folder, ".composer"),
    COMPOSER_DISABLE_NETWORK: "1",
    COMPOSER_ALLOW_SUPERUSER: "1",
  }
  const composer = (...args: string[]) => runInPackage(["composer", "--no-interaction", ...args], environment, folder)
  const validated = await composer("validate", "--strict", "--no-check-publish")
  expect([validated.code, validated.output]).toEqual([0, expect.stringContaining("is valid")])
  expect((await composer("install", "--no-dev")).code).toBe(0)
  writeFileSync(
    join(folder, "publish.php"),
    `<?php require 'vendor/autoload.php';
     echo Skein\\Skein::connect('${server.url}', '${API_KEY}')->publish('stream:composer', ['x' => 1])->offset;`,
  )
  expect(await runInPackage(["php", "publish.php"], {}, folder)).toEqual({ code: 0, output: "1" })
})

test("websocket:serve ends as the server does, with pcntl and without", async () => {
  for (const settings of [[], ["-d", "disable_functions=pcntl_exec"]]) {
    const code = `require 'tests/bootstrap.php';
      $env = ['PATH' => getenv('PATH'), 'SKEIN_PORT' => 'x'];
      exit((new Skein\\Server\\Program(['sh', '-c', 'echo "$0 $SKEIN_PORT"; exit 3'], $env, '/'))->run());`
    expect(await runInPackage(["php", ...settings, "-r", code])).toEqual({ code: 3, output: "serve x\n" })
  }
})

const connect = (token: string | Pick<Options, "getToken">) => {
  const options = typeof token === "string" ? { token } : token
  const client = new Centrifuge(`${server.wsUrl}/connection/websocket`, { ...options, minReconnectDelay: 10 })
  client.connect()
  return client
}

test("a token made in PHP opens a connection; logging out in PHP closes exactly that login's sockets within a second", async () => {
  const token = (sid: string) => php(`echo $skein->tokens()->connection(7, 'Ann', session: '${sid}');`)
  const [laptop, phone] = [connect(await token("sid-laptop")), connect(await token("sid-phone"))]
  await Promise.all([laptop.ready(20_000), phone.ready(20_000)])
  const codes: number[] = []
  laptop.on("disconnected", ({ code }) => {
    codes.push(code)
  })
  const closing = closingOf(laptop)
  const calledAtMs = await calledAt(`$skein->endSession('sid-laptop');`)
  await until(() => laptop.state === State.Disconnected, "the laptop's socket is closed")
  expect((closing.atMs ?? Number.POSITIVE_INFINITY) - calledAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
  // Told that its token is over, so that it asks its site for another; this one has nobody to ask.
  expect(codes).toEqual([disconnectedCodes.unauthorized])
  expect(phone.state).toBe(State.Connected)
  const again = connect(await token("sid-laptop"))
  await until(() => again.state === State.Disconnected, "a token of the ended login is refused")
  phone.disconnect()
})

test("a page that is not loaded anew when somebody logs in again comes back with the new login's token", async () => {
  const login = { sid: "first of the tab", isLoggedIn: true }
  const getToken = async () => {
    if (!login.isLoggedIn) throw new UnauthorizedError("nobody is logged in")
    return php(`echo $skein->tokens()->connection(7, 'Ann', session: '${login.sid}');`)
  }
  const tab = connect({ getToken })
  await tab.ready(20_000)
  login.isLoggedIn = false
  await php(`$skein->endSession('${login.sid}');`)
  await until(() => tab.state === State.Disconnected, "the site has said that nobody is logged in")
  Object.assign(login, { sid: "second of the tab", isLoggedIn: true })
  tab.connect()
  await tab.ready(20_000)
  tab.disconnect()
})

test("a ban or a changed password in PHP: chat logins of that user end on all devices, also their cookies", async () => {
  const ann = new Person(server)
  await ann.signIn({ token: await php(`echo $skein->tokens()->connection('ann', 'Ann', session: 'a-1');`) })
  const device = await ann.device()
  const bob = await Person.guest(server, "Somebody else")
  const other = await bob.device()
  const closing = closingOf(device.centrifuge)
  const calledAtMs = await calledAt(`$skein->endSessionsOf('ann');`)
  expect((await until(() => closing.atMs, "closed")) - calledAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
  // Its page's token was issued before, so what comes back is nobody.
  await device.centrifuge.ready(10_000)
  await expect(device.call("chat.hello", {})).rejects.toMatchObject({ code: 101 })
  expect((await ann.session("GET")).user).toBeNull()
  expect(other.centrifuge.state).toBe(State.Connected)
  bob.close()
  ann.close()
})

test("a ban ends the user's tokens of before, of any login or none; one made afterwards is good", async () => {
  const token = () => php(`echo $skein->tokens()->connection('banned', 'Bea');`)
  const before = await token()
  const client = connect(before)
  await client.ready(20_000)
  await php(`$skein->endSessionsOf('banned');`)
  await until(() => client.state === State.Disconnected, "closed, and refused with the token it has")
  const again = connect(before)
  await until(() => again.state === State.Disconnected, "refused")
  // Tokens say when they were made to the second: one of the same second is one of before.
  const later = await until(async () => {
    const one = connect(await token())
    const isIn = await one.ready(5_000).then(
      () => true,
      () => false,
    )
    return isIn && one
  }, "a new token opens")
  later.disconnect()
}, 60_000)

test("who is in a channel, and a publication that spares the connection that caused it", async () => {
  const tokenOfOne = await php(`echo $skein->tokens()->connection('u1', 'One');`)
  const tokenOfTwo = await php(`echo $skein->tokens()->connection('u2', 'Two');`)
  const [one, two] = [connect(tokenOfOne), connect(tokenOfTwo)]
  const heard: string[] = []
  let clientOne = ""
  one.on("connected", ({ client }) => {
    clientOne = client
  })
  for (const [name, client] of [
    ["one", one],
    ["two", two],
  ] as const) {
    const subscription = client.newSubscription("open:room")
    subscription.on("publication", ({ data }) => heard.push(`${name} ${JSON.stringify(data)}`))
    subscription.subscribe()
    await subscription.ready(20_000)
  }
  const present = await php(`foreach ($skein->presence('open:room') as $c) echo $c->user, '=', $c->info['name'], ' ';`)
  expect(present.trim().split(" ").sort()).toEqual(["u1=One", "u2=Two"])
  await php(
    `$skein->publish('open:room', 'not for one', exclude: '${clientOne}'); $skein->publish('open:room', 'for all');`,
  )
  await until(() => heard.length === 3, "three publications")
  expect(heard.toSorted()).toEqual(['one "for all"', 'two "for all"', 'two "not for one"'])
  one.disconnect()
  two.disconnect()
})

test("the server dies between two attempts: PHP repeats, and it is said once", async () => {
  const own = await TestServer.start()
  const key = `repeat-${own.port}`
  await own.kill()
  const publishing = runInPackage([
    "php",
    "-r",
    `require 'tests/bootstrap.php';
     $config = new Skein\\Config('${own.url}', '${API_KEY}', attempts: 200);
     $pause = fn () => usleep(100_000); // The same each time: for as long as a busy machine takes to start the server.
     $skein = new Skein\\Skein($config, new Skein\\Client($config, pause: $pause));
     echo "trying\\n", $skein->publish('stream:x', 'once', idempotencyKey: '${key}')->offset;`,
  ])
  await own.begin()
  expect(await publishing).toEqual({ code: 0, output: "trying\n1" })
  const again = await own.api("publish", { channel: "stream:x", data: "twice?", idempotency_key: key })
  expect(again.result?.offset).toBe(1)
  await own.stop()
}, 60_000)
