import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core"
import { openBrowser } from "../../support/chromium.ts"
import { TestServer } from "../../support/server.ts"

const ROOT = join(import.meta.dirname, "../../../..")

/**
 * What a page may say on its console without a test caring: lost connections, on purpose, and what was sent between
 * the server's closing and the page's hearing of it.
 */
const EXPECTED_NOISE =
  /WebSocket connection|WebSocket is already in CLOSING|ERR_CONNECTION|ERR_INTERNET_DISCONNECTED|Failed to load resource|net::/

/** A server, a browser, and the people who use them. */
export class House {
  /** Console errors and uncaught exceptions of every page, CSP reports among them. */
  readonly complaints: string[] = []
  readonly #contexts: BrowserContext[] = []

  private constructor(
    readonly server: TestServer,
    readonly browser: Browser,
  ) {}

  static async open(env: Readonly<Record<string, string>> = {}): Promise<House> {
    buildPages()
    const [server, browser] = await Promise.all([
      TestServer.start({ env: { SKEIN_PLAIN_LANGUAGE: "en", ...env } }),
      openBrowser(),
    ])
    return new House(server, browser)
  }

  async close(): Promise<void> {
    for (const context of this.#contexts) await context.close()
    await this.browser.close()
    await this.server.stop()
  }

  /** A page of somebody who has not been here before; `before` may prepare it, while it is still blank. */
  async visitor(
    options: BrowserContextOptions = {},
    before?: (page: Page) => Promise<unknown>,
    path = "/",
  ): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: "en-US",
      ...options,
    })
    this.#contexts.push(context)
    context.setDefaultTimeout(25_000)
    const page = await context.newPage()
    page.on("console", (message) => {
      const text = message.text()
      if (message.type() === "error" && !EXPECTED_NOISE.test(text)) this.complaints.push(text)
    })
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)))
    await before?.(page)
    await page.goto(`${this.server.url}${path}`)
    return page
  }

  /** A page of a guest who has come in and sees the lobby. */
  async guest(
    name: string,
    options: BrowserContextOptions = {},
    before?: (page: Page) => Promise<unknown>,
  ): Promise<Page> {
    const page = await this.visitor(options, before)
    await page.getByRole("textbox").fill(name)
    await page.getByRole("textbox").press("Enter")
    await page.locator(".shell .room-item").first().waitFor()
    return page
  }
}

/** Builds the pages when they are missing or older than their source. */
function buildPages(): void {
  const built = join(ROOT, "server/public/index.html")
  const source = join(ROOT, "web")
  if (existsSync(built) && statSync(built).mtimeMs > newest(join(source, "src"))) return
  const { status, stderr } = spawnSync("npm", ["run", "build", "-w", "web"], { cwd: ROOT, encoding: "utf8" })
  if (status !== 0) throw new Error(`the pages could not be built:\n${stderr}`)
}

function newest(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return Math.max(...entries.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
}

export const composer = (page: Page) => page.locator(".composer textarea")

/** Writes and sends, as a person at a keyboard does. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).click()
  await page.keyboard.insertText(text)
  await page.keyboard.press("Enter")
}

/** Presses "Retry now", if the page has not come back by itself in the meantime, and waits until it is back. */
export async function comeBack(page: Page): Promise<void> {
  // In one step: between looking for the button and pressing it, it may go.
  const press = (buttons: readonly unknown[]) => (buttons[0] as { click(): void } | undefined)?.click()
  await page.locator(".banner button").evaluateAll(press)
  // A loss too short for a banner waits for its next attempt too, unless the network is said to be back.
  await page.evaluate("dispatchEvent(new Event('online'))")
  await page.locator(".banner").waitFor({ state: "detached", timeout: 40_000 })
}

/** A message that is in the log (not one on its way). */
export const message = (page: Page, text: string) => page.locator("li.message[data-seq]", { hasText: text })

export const room = (page: Page, name: string | RegExp) => page.locator(".room-item", { hasText: name })

/** The texts of all messages shown, in order. */
export const texts = (page: Page): Promise<string[]> => page.locator("li.message .text").allInnerTexts()
