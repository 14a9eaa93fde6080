import type { Message, SessionAnswer } from "../../src/chat/contract.ts"

/** Somebody in the web chat, by its REST interface. */
export class WebChat {
  readonly #url: string
  readonly #token: string

  private constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  static async signIn(url: string, name: string): Promise<WebChat> {
    const response = await fetch(`${url}/chat/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name }),
    })
    const { token } = (await response.json()) as SessionAnswer
    if (token === undefined) throw new Error(`no session: ${response.status}`)
    return new WebChat(url, token)
  }

  /** The newest messages of a room, oldest first. */
  async messages(room: string): Promise<Message[]> {
    return (await this.#call("GET", `conversations/${await this.#idOf(room)}/messages`)).messages as Message[]
  }

  async say(room: string, text: string): Promise<void> {
    await this.#call("POST", `conversations/${await this.#idOf(room)}/messages`, {
      client_id: crypto.randomUUID(),
      text,
    })
  }

  async #idOf(room: string): Promise<string> {
    const { conversations } = (await this.#call("GET", "hello")) as { conversations: { id: string; slug?: string }[] }
    const found = conversations.find(({ slug }) => slug === room)
    if (!found) throw new Error(`not in room ${room}: ${JSON.stringify(conversations)}`)
    return found.id
  }

  async #call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.#url}/chat/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json() as Promise<Record<string, unknown>>
  }
}
