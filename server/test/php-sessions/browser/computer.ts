import type { Browser, BrowserContext, Page } from "playwright-core"
import type { Guest } from "../../deploy/browser/people.ts"
import type { PhpHost } from "../fpm.ts"

/** A browser with the site in one tab and the chat in another. */
export class Computer {
  /** When the last of the chat's sockets ended. */
  closedAtMs: number | undefined
  /** Everything the server has said to it since somebody logged in. */
  heard = ""

  private constructor(
    private readonly host: PhpHost,
    readonly context: BrowserContext,
    readonly site: Page,
  ) {}

  static async at(host: PhpHost, browser: Browser): Promise<Computer> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-US" })
    context.setDefaultTimeout(15_000)
    const computer = new Computer(host, context, await context.newPage())
    await computer.site.goto(host.url)
    return computer
  }

  async logIn(account: string, name: string): Promise<void> {
    this.heard = ""
    await this.site.bringToFront()
    await this.site.getByRole("link", { name: "Log in" }).click()
    await this.submit(account, "goose")
    await this.site.getByRole("heading", { name }).waitFor()
  }

  /** Fills in the login page, which is open. */
  async submit(account: string, password: string): Promise<void> {
    await this.site.getByLabel("Account").fill(account)
    await this.site.getByLabel("Password").fill(password)
    await this.site.getByRole("button", { name: "Log in" }).click()
  }

  /** Follows the site's link to the chat, in a tab of its own. */
  async openChat(name: string): Promise<Guest> {
    const opened = this.context.waitForEvent("page")
    const sockets: string[] = []
    this.context.once("page", (page) =>
      page.on("websocket", (socket) => {
        sockets.push(socket.url())
        socket.on("framereceived", ({ payload }) => {
          this.heard += payload
        })
        socket.on("close", () => {
          this.closedAtMs = performance.now()
        })
      }),
    )
    await this.site.getByRole("link", { name: "Chat" }).click({ modifiers: ["ControlOrMeta"] })
    const page = await opened
    // A tab nobody looks at is slow: Chromium draws it once a second.
    await page.bringToFront()
    await page.locator(".self-name", { hasText: name }).waitFor()
    await page.locator(".room-item", { hasText: "Lobby" }).waitFor()
    return { page, context: this.context, sockets }
  }

  /** @returns when PHP had answered */
  async logOut(): Promise<number> {
    await this.site.bringToFront()
    const answered = this.site.waitForResponse(/logout\.php/).then(() => performance.now())
    await this.site.getByRole("button", { name: "Log out" }).click()
    await this.site.getByRole("link", { name: "Log in" }).waitFor()
    return answered
  }

  /** A page of no site at all asks for a WebSocket; that is refused, and the refusal is written down. */
  async knockFromNowhere(): Promise<void> {
    const page = await this.context.newPage()
    const address = `${this.host.url.replace("https", "wss")}skein/connection/websocket`
    await page.evaluate(
      (to) =>
        new Promise((resolve) => {
          new WebSocket(to).onerror = resolve
        }),
      address,
    )
  }

  leave(): Promise<void> {
    return this.context.close()
  }
}

/** Everything a person at this page could come upon. */
export const found = (page: Page): Promise<string> =>
  page.evaluate(`
    [document.body.innerText, ...[...document.querySelectorAll("textarea")].map(({ value }) => value)].join("\\n")`)

/** All that the page's origin has in this browser, as text. */
export const kept = (page: Page): Promise<string> =>
  page.evaluate(`(async () => {
    const asked = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const texts = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })]
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const all = (mode) => asked(database.transaction(store).objectStore(store)[mode]())
        texts.push(name, JSON.stringify([await all("getAllKeys"), await all("getAll")]))
      }
      database.close()
    }
    return texts.join("\\n")
  })()`)
