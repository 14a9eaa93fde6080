import { expect, test } from "bun:test"
import { CODES, LIMITS } from "../../../web/src/contract.ts"
import { CHAT_LIMITS } from "../../src/chat/contract.ts"
import { ERRORS, type ErrorCode } from "../../src/core/errors.ts"

/** The web client takes types from the server, never values: what it knows by heart can only be compared. */

const upperFirst = (word: string) => word.replace(/^./, (letter) => letter.toUpperCase())
const withUnderscores = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

test("the limits the web client goes by are the chat's", () => {
  const ofChat: Readonly<Record<string, number>> = CHAT_LIMITS
  for (const [name, value] of Object.entries(LIMITS)) {
    const itsValue = ofChat[name] ?? ofChat[`max${upperFirst(name)}`]
    expect({ name, value: itsValue }).toEqual({ name, value })
  }
})

test("the error codes the web client has words for are the table's", () => {
  for (const [name, code] of Object.entries(CODES)) {
    const itsCode = ERRORS[withUnderscores(name) as ErrorCode]?.number
    expect({ name, code: itsCode }).toEqual({ name, code })
  }
})
