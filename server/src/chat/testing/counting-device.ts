import type { Membership, Output, Push } from "../contract.ts"

interface Counted {
  readonly seq: number
  readonly by: 1 | -1
  /** The head that stood here when it happened: of messages, or of changes. */
  readonly at: { readonly seq: number } | { readonly chg: number }
}

/**
 * A device as spec/chat.md lets one count (CHAT-11): begins with a hello, adds what is pushed, and takes every count of the
 * server together with the heads it was made at.
 */
export class CountingDevice {
  readonly #me: string
  #readSeq: number
  #base: { unread: number; seq: number; chg: number }
  readonly #counted: Counted[] = []
  readonly #conversation: Push[] = []
  readonly #personal: Push[] = []

  constructor(me: string, hello: Membership) {
    this.#me = me
    this.#readSeq = hello.read_seq
    this.#base = { unread: hello.unread, seq: hello.seq_head, chg: hello.chg_head }
  }

  get unread(): number {
    const beyond = this.#counted.filter(({ at }) => ("seq" in at ? at.seq > this.#base.seq : at.chg > this.#base.chg))
    const added = beyond.filter(({ seq }) => seq > this.#readSeq).map(({ by }) => by)
    return added.reduce<number>((sum, by) => sum + by, this.#base.unread)
  }

  /** Under way: arrives with `receive`. Channels keep their order, and nothing else does. */
  send(channel: string, push: Push): void {
    if (channel.startsWith("chat:u:")) this.#personal.push(push)
    else this.#conversation.push(push)
  }

  /** The next push of one of the two channels. @returns false when nothing is under way there */
  receive(from: "conversation" | "personal"): boolean {
    const push = (from === "personal" ? this.#personal : this.#conversation).shift()
    if (!push) return false
    if (push.type === "message") this.#heard(push)
    else if (push.type === "change") this.#changed(push)
    else if (push.type === "read" && from === "personal") this.#read(push as unknown as Output<"chat.read">)
    return true
  }

  /** The answer to a call of its own. */
  answered(answer: Output<"chat.read">): void {
    this.#read(answer)
  }

  #heard({ message }: Extract<Push, { type: "message" }>): void {
    const { seq, sender_id: sender, kind } = message
    if (sender !== this.#me && kind === "text") this.#counted.push({ seq, by: 1, at: { seq } })
    // Who stood at the end and spoke, on whatever device, has read what he said.
    else if (sender === this.#me && this.#readSeq === seq - 1) this.#readSeq = seq
  }

  #changed({ change }: Extract<Push, { type: "change" }>): void {
    const { message, op, seq, chg } = change
    if (op === "delete" && message.sender_id !== this.#me && message.kind === "text")
      this.#counted.push({ seq, by: -1, at: { chg } })
  }

  #read({ read_seq, unread, seq_head, chg_head }: Output<"chat.read">): void {
    const isOlder = seq_head + chg_head < this.#base.seq + this.#base.chg
    if (read_seq < this.#readSeq || isOlder) return
    this.#readSeq = read_seq
    this.#base = { unread, seq: seq_head, chg: chg_head }
  }
}
