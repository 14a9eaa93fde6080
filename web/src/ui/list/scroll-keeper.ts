/** A row at a height of the viewport. */
interface Anchor {
  readonly key: string
  readonly offsetPx: number
}

/** Where the reader is: at the bottom, or with a certain row at a certain height. */
type Hold = { readonly at: "bottom" } | ({ readonly at: "row" } & Anchor)

/** What the reader can see, told after every move. */
export interface View {
  readonly atBottom: boolean
  /** Room above and below the viewport, in viewport heights; `FAR_SCREENS` stands for all that is farther. */
  readonly screensAbove: number
  readonly screensBelow: number
  /** Whether the divider of what is new lies above the viewport; undefined: it is not in the list. */
  readonly dividerAbove: boolean | undefined
}

/** Distances beyond this are told as this, so that in the middle of a long list the view stays equal and nothing is redrawn. */
const FAR_SCREENS = 4

/** The key of the divider of what is new. */
const DIVIDER = "unread"

/** At the bottom from here on, and no longer from there on: two numbers, so that it does not flicker. */
const ENTER_BOTTOM_PX = 40
const LEAVE_BOTTOM_PX = 120

/**
 * Keeps the list still under the reader's eyes: whatever is inserted, removed or changes height, the row that was
 * at the top edge stays where it was. CSS scroll anchoring is not relied on; Safari has none.
 */
export class ScrollKeeper {
  private hold: Hold = { at: "bottom" }
  /** Where the box stood when it was last looked at. */
  private topPx = 0
  private heightPx = 0
  /** The last row, and where it stood when the box was last looked at. */
  private last: Anchor | undefined
  private box: HTMLElement | undefined
  private readonly resized = new ResizeObserver(() => this.settle())
  private readonly scrolled = () => this.remember()

  /** `hasEnd`: the list ends at the newest message, so that its bottom is a place to stay at. */
  constructor(
    private readonly moved: (view: View) => void,
    private readonly hasEnd: () => boolean,
  ) {}

  get atBottom(): boolean {
    return this.hold.at === "bottom"
  }

  attach(box: HTMLElement): void {
    this.box = box
    box.addEventListener("scroll", this.scrolled, { passive: true })
    this.resized.observe(box)
    for (const child of box.children) this.resized.observe(child)
  }

  detach(): void {
    this.box?.removeEventListener("scroll", this.scrolled)
    this.resized.disconnect()
    this.box = undefined
  }

  toBottom(): void {
    this.hold = { at: "bottom" }
    if (this.box) this.topPx = this.box.scrollTop
    this.settle()
  }

  /** Puts a row at a height of the viewport, given as a part of it (0 = top). False when it is not in the list. */
  toRow(key: string, part: number): boolean {
    const row = this.find(key)
    if (!row || !this.box) return false
    const offsetPx = Math.max(8, (this.box.clientHeight - row.offsetHeight) * part)
    this.hold = { at: "row", key, offsetPx }
    this.topPx = this.box.scrollTop
    this.settle()
    this.remember()
    return true
  }

  /** Call after every render: puts the held row back. */
  settle(): void {
    const { box } = this
    if (!box) return
    this.allowForScroll(box)
    const { hold } = this
    if (hold.at === "bottom") {
      // The bottom of a part of history is no place to stay: pages would be put in below for ever.
      if (this.hasEnd()) box.scrollTop = box.scrollHeight
    } else {
      const row = this.find(hold.key)
      if (row) box.scrollTop = row.offsetTop - hold.offsetPx
    }
    this.note(box)
    this.tell()
  }

  /** The newest row whose end has been on screen (or that fills the screen). */
  lastSeenSeq(): number {
    const { box } = this
    if (!box) return 0
    const bottom = box.scrollTop + box.clientHeight + 4
    let seen = 0
    for (const row of this.rows()) {
      const fills = row.offsetTop <= box.scrollTop && row.offsetTop + row.offsetHeight > bottom
      if (row.offsetTop + row.offsetHeight > bottom && !fills) break
      seen = Math.max(seen, Number(row.dataset.seq ?? 0))
    }
    return seen
  }

  /** The reader may have scrolled in this very frame, and the event is still to come: that is not undone. */
  private allowForScroll(box: HTMLElement): void {
    const movedPx = box.scrollTop - this.topPx
    const clamped = box.scrollTop >= box.scrollHeight - box.clientHeight - 1
    // A box of another height may have been clamped on the way: that is no scrolling.
    if (Math.abs(movedPx) < 1 || clamped || box.clientHeight !== this.heightPx) return
    if (this.hold.at === "row") this.hold = { ...this.hold, offsetPx: this.hold.offsetPx - movedPx }
    // Rows may have been put in above since: what stands where now tells nothing, the last row of before does.
    else if (movedPx < -LEAVE_BOTTOM_PX && this.last)
      this.hold = { at: "row", key: this.last.key, offsetPx: this.last.offsetPx - movedPx }
  }

  /** What is needed to tell, at the next look, how far the reader has scrolled, and from where. */
  private note(box: HTMLElement): void {
    this.topPx = box.scrollTop
    this.heightPx = box.clientHeight
    const rows = this.rows()
    const row = rows[rows.length - 1]
    this.last = row && anchorOf(row, box)
  }

  private remember(): void {
    const { box } = this
    if (!box) return
    this.note(box)
    const belowPx = box.scrollHeight - box.clientHeight - box.scrollTop
    const stay = this.hold.at === "bottom" && belowPx <= LEAVE_BOTTOM_PX
    if (this.hasEnd() && (belowPx <= ENTER_BOTTOM_PX || stay)) this.hold = { at: "bottom" }
    else {
      const row = this.firstVisible(box.scrollTop)
      if (row) this.hold = { at: "row", ...anchorOf(row, box) }
    }
    this.tell()
  }

  private tell(): void {
    const { box } = this
    if (!box) return
    const height = Math.max(1, box.clientHeight)
    this.moved({
      atBottom: this.hold.at === "bottom",
      screensAbove: Math.min(FAR_SCREENS, box.scrollTop / height),
      screensBelow: Math.min(FAR_SCREENS, (box.scrollHeight - box.clientHeight - box.scrollTop) / height),
      dividerAbove: this.isDividerAbove(box),
    })
  }

  private isDividerAbove(box: HTMLElement): boolean | undefined {
    const divider = this.find(DIVIDER)
    return divider && divider.offsetTop + divider.offsetHeight <= box.scrollTop
  }

  private firstVisible(top: number): HTMLElement | undefined {
    for (const row of this.rows()) if (row.offsetTop + row.offsetHeight > top) return row
    return undefined
  }

  private rows(): NodeListOf<HTMLElement> {
    return (this.box as HTMLElement).querySelectorAll<HTMLElement>("[data-seq]")
  }

  private find(key: string): HTMLElement | undefined {
    return this.box?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? undefined
  }
}

const anchorOf = (row: HTMLElement, box: HTMLElement): Anchor => ({
  key: row.dataset.key ?? "",
  offsetPx: row.offsetTop - box.scrollTop,
})
