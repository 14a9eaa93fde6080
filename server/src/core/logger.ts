/**
 * How a part of the server writes to the log: the facts as fields, then one sentence. A pino logger fits as it is.
 * Methods MUST NOT throw, and the fields MUST NOT hold secrets.
 */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
