import { describe, expect, test } from "bun:test"
import { Apps } from "./apps.ts"
import { readQuery, requestSigningText } from "./http/query.ts"
import { ensureSignedRequest, type UnsignedRequest } from "./http/signed-request.ts"
import { channelSigningText, isSignature, md5, sign, userSigningText } from "./signatures.ts"
import { appWith } from "./testing/app-with.ts"

// Key and secret of Pusher's own documentation; digests recomputed with OpenSSL.
const KEY = "278d425bdf160c739803"
const SECRET = "7ad3773142a6692b25b8"
const SOCKET = "1234.1234"

describe("known signatures", () => {
  const vectors: [text: string, digest: string][] = [
    [channelSigningText(SOCKET, "private-foobar"), "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"],
    [
      channelSigningText(SOCKET, "presence-foobar", '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'),
      "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80",
    ],
    [
      channelSigningText(SOCKET, "presence-foobar", '{"user_id":10,"user_info":{"name":"Mr. Pusher"}}'),
      "afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c",
    ],
    [
      channelSigningText(SOCKET, "presence-foobar", '{"user_id":"10","user_info":{"name":"Mr. Pusher"}}'),
      "48dac51d2d7569e1e9c0f48c227d4b26f238fa68e5c0bb04222c966909c4f7c4",
    ],
    [userSigningText(SOCKET, '{"id":"12345"}'), "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"],
    [
      '{"time_ms":1327078148132,"events":[{"name":"channel_occupied","channel":"my-channel"}]}',
      "c19001ae3963ccb13bf618e5b16ba9848e7e74df0993aa0689168e341c6833cf",
    ],
  ]
  for (const [text, digest] of vectors)
    test(text, () => {
      expect(sign(SECRET, text)).toBe(digest)
      expect(isSignature(digest, SECRET, text)).toBe(true)
      for (const wrong of ["", digest.slice(1), digest.toUpperCase(), `${digest} `, "ü".repeat(32)])
        expect(isSignature(wrong, SECRET, text)).toBe(false)
    })
})

describe("known requests", () => {
  const at = 1_353_088_179
  const apps = new Apps([
    appWith({ id: "3", keys: [{ key: KEY, secret: SECRET }] }),
    appWith({ id: "1", keys: [{ key: "k", secret: "s" }] }),
  ])
  const check = (appId: string, request: Partial<UnsignedRequest> & Pick<UnsignedRequest, "path" | "search">) =>
    ensureSignedRequest(apps, appId, { method: "GET", body: new Uint8Array(), ...request }, at * 1_000, 600_000)
  const auth = `auth_key=${KEY}&auth_timestamp=${at}&auth_version=1.0`

  test("an event", () => {
    const body = Buffer.from('{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}')
    expect(md5(body)).toBe("ec365a775a4cd0599faeb73354201b6f")
    const search = `${auth}&body_md5=${md5(body)}&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c`
    expect(check("3", { method: "POST", path: "/apps/3/events", search, body }).app.id).toBe("3")
    expect(() => check("3", { method: "POST", path: "/apps/3/event", search, body })).toThrow("Invalid signature")
  })

  test("a list of channels, commas plain or escaped, parameters in any order", () => {
    const signature = "16819168891cb5dfd72b5c7a5d3d602605b26c6ba1930033b5e2eeeb65010291"
    const rest = "info=user_count&filter_by_prefix=presence-"
    for (const search of [
      `${rest}&${auth}&auth_signature=${signature}`,
      `auth_signature=${signature}&${auth}&${rest.replaceAll("-", "%2D")}`,
    ])
      expect(check("3", { path: "/apps/3/channels", search }).query.get("info")).toBe("user_count")
  })

  test("the end of a user's connections", () => {
    const body = Buffer.from("{}")
    const search = `${auth}&body_md5=99914b932bd37a50b983c5e7c90ae93b&auth_signature=01fa634edeb0cae84115307cad5c23f65a46cd286461b1c89637a3b5871a8f0e`
    check("3", { method: "POST", path: "/apps/3/users/12345/terminate_connections", search, body })
  })

  test("PHP's array values", () => {
    const search = `auth_key=k&auth_timestamp=${at}&auth_version=1.0&info%5B0%5D=user_count&info%5B1%5D=subscription_count&auth_signature=6773faf2232dbb243f0e0a3cbd5ac96e20f53b85f52d2a2ee1168d3d068d4240`
    expect(check("1", { path: "/apps/1/channels", search }).query.get("info")).toBe("user_count,subscription_count")
  })

  const signed = (path: string, params: string, sent = params) => {
    const text = requestSigningText(
      "GET",
      path,
      readQuery(`auth_key=k&auth_timestamp=${at}&auth_version=1.0&${params}`),
    )
    return `auth_key=k&auth_timestamp=${at}&auth_version=1.0&${sent}&auth_signature=${sign("s", text)}`
  }

  test("paths are signed as sent or without their escapes", () => {
    check("1", { path: "/apps/1/users/a%20b/%C3%BC", search: signed("/apps/1/users/a b/ü", "x=1") })
    check("1", { path: "/apps/1/users/a%20b", search: signed("/apps/1/users/a%20b", "x=1") })
  })

  test("a plus is itself, and a space only where the plain reading fails", () => {
    expect(check("1", { path: "/p", search: signed("/p", "x=a+b") }).query.get("x")).toBe("a+b")
    expect(check("1", { path: "/p", search: signed("/p", "x=a b", "x=a+b") }).query.get("x")).toBe("a b")
  })

  test("a stray percent sign stands for itself", () => {
    expect(check("1", { path: "/p", search: signed("/p", "x=100%") }).query.get("x")).toBe("100%")
  })

  test("a second key works beside the first", () => {
    const both = new Apps([
      appWith({
        id: "1",
        keys: [
          { key: "new", secret: "n" },
          { key: "k", secret: "s" },
        ],
      }),
    ])
    const request = { method: "GET", path: "/p", search: signed("/p", "x=1"), body: new Uint8Array() }
    expect(ensureSignedRequest(both, "1", request, at * 1_000, 0).app.id).toBe("1")
  })
})
