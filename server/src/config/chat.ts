import { z } from "zod"
import { duration, flag, integer, openChoice, texts } from "./fields.ts"

/** Bounds of what a rate allows in one second. */
const PER_SECOND = { min: 1, max: 10_000 } as const
/** Bounds of what a rate allows at once, or in a minute or an hour. */
const AT_ONCE = { min: 1, max: 100_000 } as const

/** The chat, and how much of it one person may do. */
export const chatSchema = z.strictObject({
  enabled: flag("Serves the chat: its page, its widget and its API.", { default: true }),
  defaultRooms: texts("Rooms that exist from the first start and that every user joins.", {
    default: ["lobby"],
    expects: "a list of room names: letters, digits, - and _, at most 60 characters",
    pattern: /^[\p{L}\p{N}_-]{1,60}$/u,
  }),
  createRooms: openChoice(
    'Who may open rooms: "anyone" includes guests, "users" needs an account of your site, "nobody" leaves it to the back end.',
    ["anyone", "users", "nobody"],
    { defaultNote: '"anyone" in development, "users" in production' },
  ),
  maxTextLength: integer("Longest message.", { default: 4_000, min: 1, max: 4_000, unit: "characters" }),
  maxRooms: integer("How many rooms there may be; direct conversations do not count.", {
    default: 10_000,
    min: 1,
    max: 10_000_000,
  }),
  messagesPerSecond: integer(
    "Messages, edits and deletions per second of one person in the long run, over all connections. Those who speak without a name are one person per address. The back end has no such bound.",
    { default: 5, ...PER_SECOND },
  ),
  messageBurst: integer("Messages, edits and deletions of one person at once.", { default: 20, ...AT_ONCE }),
  requestsPerSecond: integer(
    "Questions (history, members, rooms, catching up) per second of one person in the long run, over all connections. Typing notices, read positions and joins have fixed rates of their own.",
    { default: 20, ...PER_SECOND },
  ),
  requestBurst: integer("Questions of one person at once.", { default: 100, ...AT_ONCE }),
  roomsPerHour: integer(
    "Rooms one person may open per hour in the long run; five at once. The back end has no such bound.",
    {
      default: 60,
      ...AT_ONCE,
    },
  ),
  guestsPerMinute: integer(
    "New guests per minute from one address in the long run. A whole school may stand behind one address.",
    { default: 60, ...AT_ONCE },
  ),
  forgetGuestsAfterMs: duration(
    "Guests who have said nothing, whom nobody has a direct conversation with and who have not been here for this long are forgotten.",
    { default: "30d", min: "1h", max: "3650d" },
  ),
  guestBurst: integer("New guests from one address at once.", { default: 100, ...AT_ONCE }),
})
