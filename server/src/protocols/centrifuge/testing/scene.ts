import type { Identity } from "../../../core/connection.ts"
import { ruleWith } from "../../../core/testing/fake-node.ts"
import type { Tokens } from "../../../core/tokens.ts"
import { type NodeOptions, TestNode } from "./node.ts"

export const rules = [
  ruleWith({ pattern: "kept:*", historySize: 10, recovery: true }),
  ruleWith({ pattern: "secret:*", subscribe: "token" }),
  ruleWith({ pattern: "closed:*", publish: "nobody", read: "nobody" }),
  ruleWith({ pattern: "open:*" }),
]
export const node = (options: Partial<NodeOptions> = {}) => new TestNode({ rules, ...options })
export const alice: Identity = { userId: "alice" }

/** Tokens are JSON: what the verdict shall be. */
export const tokens: Tokens = {
  connection: async (token) => JSON.parse(token),
  subscription: async (token) => JSON.parse(token),
}
export const token = (identity: Identity) => JSON.stringify({ kind: "ok", identity })
export const grant = (change: object = {}) => JSON.stringify({ kind: "ok", grant: change })
