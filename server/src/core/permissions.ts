import type { Connection } from "./connection.ts"
import type { ChannelRule, Permission } from "./rules.ts"

/** Whether the rule alone lets a client subscribe. In channels with `subscribe: "app"` the application decides instead. */
export function maySubscribe(rule: ChannelRule, connection: Connection, hasToken: boolean): boolean {
  return hasToken || (rule.subscribe !== "app" && isAllowed(rule.subscribe, connection))
}

/** Whether the rule lets a client publish. The back end is not asked about here: it always may. */
export function mayPublish(rule: ChannelRule, connection: Connection, channel: string): boolean {
  return isAllowedOrSubscriber(rule.publish, connection, channel)
}

/** Whether the rule lets a client read history and presence. */
export function mayRead(rule: ChannelRule, connection: Connection, channel: string): boolean {
  return isAllowedOrSubscriber(rule.read, connection, channel)
}

function isAllowedOrSubscriber(permission: Permission | "subscriber", connection: Connection, channel: string) {
  return permission === "subscriber" ? connection.subscriptions.has(channel) : isAllowed(permission, connection)
}

function isAllowed(permission: Permission, connection: Connection): boolean {
  if (permission === "anyone") return true
  return permission === "user" && connection.identity.userId !== ""
}
