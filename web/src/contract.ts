/** The server's wire contract, as types only: nothing of the server's code reaches the browser. */
export type {
  CatchUpEntry,
  Change,
  Conversation,
  Input,
  Member,
  Membership,
  Message,
  Method,
  Output,
  Page,
  Push,
  SessionAnswer,
  User,
} from "../../server/src/chat/contract.ts"

/** The limits of the contract the client needs to know before asking. */
export const LIMITS = {
  textLength: 4_000,
  nameLength: 40,
  roomNameLength: 60,
  unreadCap: 100,
  typingLifeMs: 5_000,
  typingIntervalMs: 3_000,
  typingMaxMembers: 50,
  presenceMaxUsers: 200,
} as const

/** Codes the client has its own words or its own behaviour for. */
export const CODES = {
  internal: 100,
  unauthorized: 101,
  permissionDenied: 103,
  limitExceeded: 106,
  badRequest: 107,
  tooManyRequests: 111,
  notFound: 404,
  notAMember: 1001,
  textTooLong: 1002,
  nameTaken: 1003,
  storageFull: 1010,
  storageUnavailable: 1011,
} as const
