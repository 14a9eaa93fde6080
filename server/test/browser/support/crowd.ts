import type { TestServer } from "../../support/server.ts"

/** Messages one person may send at once. */
const BURST = 20

/** A guest without a browser: speaks through the REST calls. */
export class Voice {
  private constructor(
    private readonly server: TestServer,
    private readonly cookie: string,
  ) {}

  static async enter(server: TestServer, name: string): Promise<Voice> {
    const response = await fetch(`${server.url}/chat/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    })
    if (!response.ok) throw new Error(`${name} was not let in: ${await response.text()}`)
    return new Voice(server, (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "")
  }

  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.server.url}/chat/v1${path}`, {
      method,
      headers: { cookie: this.cookie, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  async lobby(): Promise<string> {
    const { conversations } = await this.call<{ conversations: { id: string }[] }>("GET", "/hello")
    const [first] = conversations
    if (!first) throw new Error("the guest is in no room")
    return first.id
  }

  async say(text: string): Promise<void> {
    const conversation = await this.lobby()
    await this.call("POST", `/conversations/${conversation}/messages`, { client_id: crypto.randomUUID(), text })
  }
}

/** Fills the lobby with `total` numbered messages, in order, by as many people as that takes. */
export async function fillLobby(server: TestServer, total: number, prefix: string): Promise<void> {
  for (let sent = 0; sent < total; sent += BURST) {
    const voice = await Voice.enter(server, `${prefix} ${sent}`)
    const lobby = await voice.lobby()
    for (let i = sent + 1; i <= Math.min(total, sent + BURST); i++) {
      const text = `${prefix} ${i} ${"word ".repeat(i % 40)}`
      await voice.call("POST", `/conversations/${lobby}/messages`, { client_id: crypto.randomUUID(), text })
    }
  }
}
