import { z } from "zod"
import { SkeinError } from "../../../core/errors.ts"
import { elementTexts, memberSpan, rawMember } from "../codec/raw-json.ts"
import type { CentrifugeParts } from "../options.ts"
import * as channels from "./channels.ts"
import * as connections from "./connections.ts"
import { errorBody } from "./errors.ts"
import { type ApiParams, optionalFlag, parseParams } from "./params.ts"
import { broadcast, publish } from "./publish.ts"

/** One method of the server API. @returns the result as JSON text @throws SkeinError */
type Method = (parts: CentrifugeParts, params: ApiParams) => string | Promise<string>

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["publish", publish],
  ["broadcast", broadcast],
  ["subscribe", connections.subscribe],
  ["unsubscribe", connections.unsubscribe],
  ["disconnect", connections.disconnect],
  ["refresh", connections.refresh],
  ["presence", channels.presence],
  ["presence_stats", channels.presenceStats],
  ["history", channels.history],
  ["history_remove", channels.historyRemove],
  ["channels", channels.list],
  ["info", channels.info],
  ["rpc", rpc],
])

export const methodOf = (name: string): Method | undefined => METHODS.get(name)

const rpcSchema = z.object({ method: z.string().min(1) })

async function rpc({ apiRpc }: CentrifugeParts, params: ApiParams): Promise<string> {
  const { method } = parseParams(rpcSchema, params)
  if (apiRpc === undefined) throw new SkeinError("method_not_found", `no RPC method "${method}"`)
  const data = await apiRpc(method, rawMember(params.text, "params") ?? "null")
  return data === undefined ? "{}" : `{"data":${data}}`
}

const batchSchema = z.object({
  commands: z.array(z.record(z.string(), z.unknown())).default([]),
  parallel: optionalFlag,
})

/** Several calls in one request; each gets its reply, in order. @returns the whole body */
export async function batch(parts: CentrifugeParts, params: ApiParams): Promise<string> {
  const { commands, parallel } = parseParams(batchSchema, params)
  const texts = elementTexts(params.text, memberSpan(params.text, "commands")?.start) ?? []
  const calls = commands.map((command, at) => () => batched(parts, command, texts[at] ?? "{}"))
  if (parallel) return `{"replies":[${(await Promise.all(calls.map((call) => call()))).join()}]}`
  const replies: string[] = []
  for (const call of calls) replies.push(await call())
  return `{"replies":[${replies.join()}]}`
}

async function batched(parts: CentrifugeParts, command: Record<string, unknown>, text: string): Promise<string> {
  try {
    const [name = ""] = Object.keys(command)
    const method = methodOf(name)
    if (method === undefined) throw new SkeinError("method_not_found", `a batch has no method "${name.slice(0, 64)}"`)
    const params = { values: command[name], text: rawMember(text, name) ?? "{}" }
    return `{"${name}":${await method(parts, params)}}`
  } catch (error) {
    return `{"error":${errorBody(error, parts.log)}}`
  }
}
