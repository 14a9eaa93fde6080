/** A configured key that tokens cannot be checked with. The message says which one and why, and never shows it. */
export class UnusableKey extends Error {
  override readonly name = "UnusableKey"
}
