import type { EndpointStats, StoredEvent, Told, ToldChange, WebhookEndpoint } from "./event.ts"

/** What the node and its webhook process say to each other, one JSON text per frame. */
export type ToProcess =
  /** The first frame of every run. */
  | { readonly is: "open"; readonly endpoints: readonly WebhookEndpoint[] }
  /** To be on disk, whole, before it is acknowledged. */
  | {
      readonly is: "add"
      readonly number: number
      readonly events: readonly StoredEvent[]
      readonly told: readonly ToldChange[]
    }

export type FromProcess =
  /** Answers `open`. */
  | { readonly is: "told"; readonly told: readonly Told[] }
  | { readonly is: "added"; readonly number: number }
  | { readonly is: "stats"; readonly endpoints: readonly EndpointStats[] }
  | { readonly is: "log"; readonly level: "info" | "warn" | "error"; readonly fields: object; readonly message: string }

export const MAX_WEBHOOK_FRAME_BYTES = 64 * 1_024 * 1_024
