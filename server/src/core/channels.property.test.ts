import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Position } from "./publication.ts"
import { type FakeClient, FakeNode, ruleWith } from "./testing/fake-node.ts"

const CHANNEL = "log:a"
const HISTORY_SIZE = 5

/** What one user agent remembers across its connections, and checks at every frame. */
class Agent {
  position: Position | undefined
  client: FakeClient | undefined
  refusals = 0

  constructor(readonly node: FakeNode) {}

  connect(): void {
    if (this.client) return
    const client = this.node.connect()
    this.client = client
    client.onUnsubscribed = () => {
      this.hear()
      this.#subscribe(client)
    }
    this.#subscribe(client)
  }

  #subscribe(client: FakeClient): void {
    const request = this.position ? { recover: this.position } : {}
    void this.node.channels.subscribe(client.connection, CHANNEL, request, (result) => {
      this.hear()
      const position = result.position as Position
      if (result.wasRecovering && result.recovered) {
        expect(position).toEqual(this.position as Position)
        for (const { offset } of result.publications) this.seen(offset as number)
      } else {
        // The stated refusal: the agent knows that it has to reload, and starts from the top.
        if (result.wasRecovering) this.refusals++
        expect(result.publications).toEqual([])
        this.position = position
      }
    })
  }

  drop(): void {
    if (!this.client) return
    this.hear()
    this.node.channels.unregister(this.client.connection, { isGoodbye: false })
    this.client.connection.outlet.close({ code: 3000, reason: "dropped" })
    this.client = undefined
  }

  hear(): void {
    for (const line of this.client?.take() ?? []) this.seen(Number(/#(\d+):/.exec(line)?.[1]))
  }

  seen(offset: number): void {
    expect(offset).toBe((this.position?.offset ?? 0) + 1)
    this.position = { epoch: this.position?.epoch ?? this.node.log.epoch, offset }
  }
}

type What = "publish" | "work" | "turn" | "forget" | "restart" | "connect" | "drop"

interface Step {
  readonly do: What
  readonly agent: number
}

const WEIGHTS: Record<What, number> = { publish: 4, work: 5, turn: 3, forget: 1, restart: 1, connect: 3, drop: 2 }

const weighted = (Object.keys(WEIGHTS) as What[]).map((what) => ({
  weight: WEIGHTS[what],
  arbitrary: fc.constant(what),
}))

const steps = fc.array(fc.record<Step>({ do: fc.oneof(...weighted), agent: fc.nat(3) }), { maxLength: 120 })

async function run(script: readonly Step[]): Promise<void> {
  const node = new FakeNode([ruleWith({ historySize: HISTORY_SIZE, recovery: true })])
  node.log.immediate = false
  const agents = Array.from({ length: 4 }, () => new Agent(node))
  const settle = async () => {
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  for (const step of script) {
    if (step.do === "publish") void node.channels.publish(CHANNEL, { data: "1" })
    if (step.do === "work") node.log.waiting.shift()?.()
    if (step.do === "turn") node.endTurn()
    if (step.do === "forget") node.log.forgetOldest(CHANNEL)
    if (step.do === "restart") {
      node.log.restart()
      node.channels.invalidate([CHANNEL])
    }
    if (step.do === "connect") agents[step.agent]?.connect()
    if (step.do === "drop") agents[step.agent]?.drop()
    await settle()
    for (const agent of agents) agent.hear()
  }
  while (node.log.waiting.length > 0) {
    node.log.waiting.shift()?.()
    await settle()
  }
  node.endTurns()
  const top = node.log.tops.get(CHANNEL) ?? 0
  for (const agent of agents) {
    agent.hear()
    if (agent.client) expect(agent.position).toEqual({ epoch: node.log.epoch, offset: top })
  }
}

test("any interleaving of subscribe, publish, drop, resubscribe, expiry and a restarted history gives every offset once and in order, or a stated refusal", async () => {
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 1_000 })
})
