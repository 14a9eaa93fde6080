import type { Browser, BrowserContext, Page } from "playwright-core"

/** A server that guests reach through a proxy on this machine. */
export const BEHIND_PROXY = {
  SKEIN_MODE: "production",
  SKEIN_SERVER_TRUSTED_PROXIES: "127.0.0.1",
  SKEIN_AUTH_GUESTS: "anywhere",
  SKEIN_PLAIN_LANGUAGE: "en",
}

export interface Guest {
  readonly page: Page
  readonly context: BrowserContext
  /** Addresses of the WebSockets the page opened. */
  readonly sockets: string[]
}

/** Somebody who came in at this address and sees the lobby. */
export async function guest(browser: Browser, name: string, address: string): Promise<Guest> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-US" })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const sockets: string[] = []
  page.on("websocket", (socket) => sockets.push(socket.url()))
  await page.goto(address)
  await page.getByRole("textbox").fill(name)
  await page.getByRole("textbox").press("Enter")
  await page.locator(".shell .room-item").first().waitFor()
  return { page, context, sockets }
}

export async function say({ page }: Guest, text: string): Promise<void> {
  await page.locator(".composer textarea").click()
  await page.keyboard.insertText(text)
  await page.keyboard.press("Enter")
}

/** A message that is in the log of the server, not one on its way. */
export const sees = ({ page }: Guest, text: string): Promise<void> =>
  page.locator("li.message[data-seq]", { hasText: text }).waitFor()
