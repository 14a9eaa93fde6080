import type { ChannelObserver } from "../../core/channels.ts"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import type { Tokens } from "../../core/tokens.ts"
import type { ChatStore } from "../../store/contract.ts"
import { type Chat, createChat } from "../chat.ts"
import { CHAT_DEFAULTS, type ChatConfig } from "../config.ts"
import type { Input, Method, Output, Push } from "../contract.ts"
import type { SessionRequests, SiteIdentity } from "../http/session-routes.ts"
import { createSessionKeys } from "../session/keys.ts"

/** Channels that remember what was published and taken away, in order. */
export class RecordingChannels {
  readonly pushes: { channel: string; push: Push; exclude?: string }[] = []
  readonly revoked: { userId: string; channel: string; afterPushes: number }[] = []
  readonly present = new Map<string, { user: string; client: string }>()

  async publish(channel: string, draft: { data: string | Uint8Array; exclude?: string }) {
    this.pushes.push({
      channel,
      push: JSON.parse(draft.data as string) as Push,
      ...(draft.exclude === undefined ? {} : { exclude: draft.exclude }),
    })
    return { duplicate: false }
  }

  revokeUser(userId: string, channel: string): void {
    this.revoked.push({ userId, channel, afterPushes: this.pushes.length })
  }

  presence(): Map<string, { user: string; client: string }> {
    return this.present
  }

  presenceStats(): { clients: number; users: number } {
    return { clients: this.present.size, users: new Set([...this.present.values()].map(({ user }) => user)).size }
  }

  /** Whom the chat has look at who comes and goes. */
  readonly observers: ChannelObserver[] = []

  observe(observer: ChannelObserver): void {
    this.observers.push(observer)
  }

  /** The pushes of one type, wherever they went. */
  of<T extends Push["type"]>(type: T): Extract<Push, { type: T }>[] {
    return this.pushes.map(({ push }) => push).filter((push): push is Extract<Push, { type: T }> => push.type === type)
  }
}

/** Bearer tokens of the test: `user:<id>:<name>`, and `:<sid>` where the site names its login. */
const testTokens: Pick<Tokens, "connection"> = {
  async connection(token) {
    const [kind, userId = "", name = "", sid] = token.split(":")
    if (kind === "expired") return { kind: "expired", why: "test" }
    if (kind !== "user") return { kind: "invalid", why: "test" }
    return { kind: "ok", identity: { userId, info: JSON.stringify({ name }), ...(sid ? { sessionId: sid } : {}) } }
  },
}

const isAllowed = (request: Request): boolean => !(request.headers.get("origin") ?? "").includes("evil")

export interface ChatUnderTest {
  readonly chat: Chat
  readonly clock: FakeClock
  readonly channels: RecordingChannels
  readonly closedSessions: string[]
  readonly closedUsers: string[]
  /** Users with a connection, as far as the chat knows. */
  readonly connected: Set<string>
  readonly logged: object[]
  call<M extends Method>(who: string | Identity, method: M, input: Input<M>): Promise<Output<M>>
  /** The id of the default room. */
  lobby(): Promise<string>
}

export async function startChat(
  store: ChatStore,
  config: Partial<ChatConfig> = {},
  requests: Partial<SessionRequests> = {},
  siteIdentity?: SiteIdentity,
): Promise<ChatUnderTest> {
  const clock = new FakeClock(1_700_000_000_000)
  const channels = new RecordingChannels()
  const closedSessions: string[] = []
  const closedUsers: string[] = []
  const connected = new Set<string>()
  const logged: object[] = []
  const record = (facts: object) => void logged.push(facts)
  const chat = createChat({
    store,
    channels,
    clock,
    log: { info: record, warn: record, error: record },
    config: { ...CHAT_DEFAULTS, createRooms: "anyone", anonymous: true, ...config },
    keys: createSessionKeys({
      sessionSecret: "cookie secret of the test",
      tokenSecret: "token secret of the test",
      clock,
    }),
    tokens: testTokens,
    requests: {
      originAllowed: isAllowed,
      cors: (request): Record<string, string> =>
        isAllowed(request) ? { "Access-Control-Allow-Origin": request.headers.get("origin") ?? "" } : {},
      address: (request) => request.headers.get("x-test-address") ?? "192.0.2.1",
      isSecure: () => true,
      guestsAllowed: () => true,
      ...requests,
    },
    ...(siteIdentity === undefined ? {} : { siteIdentity }),
    isConnected: (userId) => connected.has(userId),
    networkOf: (address) => (address === "127.0.0.1" ? undefined : address),
    closeSession: (id) => void closedSessions.push(id),
    closeUser: (id) => void closedUsers.push(id),
  })
  await chat.start()
  return {
    chat,
    clock,
    channels,
    closedSessions,
    closedUsers,
    connected,
    logged,
    call: async (who, method, input) => {
      const identity = typeof who === "string" ? person(who) : who
      return JSON.parse(await chat.call(identity, method, JSON.stringify(input))) as never
    },
    lobby: async () => (await store.roomBySlug({ slug: "lobby" })).conversation.id,
  }
}

export const person = (id: string): Identity => ({ userId: id, info: JSON.stringify({ name: id }) })

/** The code of a refusal, `done` when there was none; anything else is thrown on. */
export async function codeOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt()
    return "done"
  } catch (error) {
    if (error instanceof SkeinError) return error.code
    throw error
  }
}
