import type { FlagSpec } from "../arguments.ts"

export const DOCTOR_FLAGS = {
  idle: { type: "string" },
  origin: { type: "string" },
  token: { type: "string" },
  json: { type: "boolean" },
} as const satisfies FlagSpec
