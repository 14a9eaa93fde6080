import { ROW_SETTINGS, SECTIONS, SETTING_BY_NAME, SETTINGS, type Setting, sectionOf } from "./catalogue.ts"
import type { FieldDoc } from "./fields.ts"

const INTRODUCTION = `# Configuration

<!-- Made by \`skein config reference\` from server/src/config. Change it there. -->

Nothing has to be configured to start. What you set is read from four places, the later ones winning:

1. the defaults below,
2. a file: \`skein.toml\` in the working directory, or the one named by \`--config\` or \`SKEIN_CONFIG\`,
3. environment variables; an empty one counts as not set,
4. flags: \`--host\`, \`--port\`, \`--data\`, and \`--set name=value\` for everything else.

The whole configuration is checked before the server starts, and every problem is reported at once with the place it
came from. Unknown names are errors. \`skein config print\` shows what is in force and where each value came from, with
secrets masked.

Durations are written with their unit: \`250ms\`, \`10s\`, \`5m\`, \`24h\`, \`7d\`. A list in the environment
or after \`--set\` is one text, separated by commas, and may be so in the file; where a list has a variable in the singular,
that one holds a single entry as it is. What has a short variable has a short name too, in the file before any section:
\`port = 9000\`, \`api_key = "…"\`. Examples to start from: [getting started](guides/getting-started.md#configure), [in production](guides/production.md).
`

const SECTION_TEXTS: Readonly<Record<string, string>> = {
  server: "Where the server listens and which web sites may use it.",
  auth: "Who may connect. Nothing here has to be set: keys are made at the first start and kept in `secrets.json` in the data folder.",
  sessions:
    "Reading the login sessions of a PHP site where it keeps them: whoever is signed in there is signed in here.",
  callback: "Asking the site by HTTP who a visitor is, if its sessions cannot be read.",
  limits:
    'Everything a client can make the server hold or do is bounded. Each refusal names the setting that bounds it, and `/metrics` counts it: `skein_limits_total{limit="limits.max_frame_bytes"}`.',
  broker: "How the embedded broker orders and stores publications.",
  chat: "The chat in the box.",
  plain: "The plain JSON protocol, for a bare `new WebSocket()`.",
  centrifuge: "The protocol of centrifuge-js and the mobile SDKs.",
  pusher: "The protocol of pusher-js, Laravel Echo and the Pusher libraries of back ends. Apps are `[[pusher_apps]]`.",
  assets: "Scripts and styles of the pages.",
  drain: "Stopping without losing anything.",
  log: "The log goes to stderr.",
}

/** docs/configuration.md. */
export function renderReference(): string {
  const sections = SECTIONS.map((section) => {
    const settings = SETTINGS.filter((setting) => sectionOf(setting) === section && setting.doc.kind !== "tables")
    const heading = section === "" ? "## Before any section" : `## [${section}]\n\n${introductionOf(section)}`
    return `${heading}\n\n${settings.map(describe).join("\n\n")}\n`
  })
  return [INTRODUCTION, ...sections, describeRules(), describeApps(), describeSites()].join("\n")
}

function introductionOf(section: string): string {
  const text = SECTION_TEXTS[section]
  if (text === undefined) throw new Error(`the section [${section}] has no sentence in config/reference.ts yet`)
  return text
}

function describe(setting: Setting): string {
  const { doc, name, env } = setting
  const facts = [
    `Default: ${defaultOf(doc)}.`,
    `Must be ${doc.expects}.`,
    `Environment: ${env.map(code).join(" or ")}.`,
  ]
  return `### \`${name}\`\n\n${doc.doc}\n\n${facts.join(" ")}`
}

function describeRules(): string {
  return `${describeTables("channels")}

The server has rules of its own as well. Yours win when their pattern is the same or longer, except over the first:

- \`chat:…\`: the chat's channels. They cannot be configured.
- \`private-…\` and \`presence-…\`: a client needs a signature or a token from your back end, or the login of your site
  (\`site\` and \`own_channels\` below).
- Every other name, if a Pusher app shares its channels, as the app of the first start does: your back end may publish there,
  and clients with that app's key may subscribe, as at Pusher. Other clients need a token. To close these names, give
  the pattern \`*\` a rule of your own, set \`shares_channels = false\` for the app, or switch the protocol off
  (\`pusher.enabled\`).

A name that none of these rules covers is unknown: whoever publishes or subscribes there gets error 102.

\`\`\`toml
[[channels]]
pattern = "orders:*"
history_size = 500
history_ttl = "7d"
subscribe = "token"

[[channels]]
pattern = "news"
subscribe = "anyone"
\`\`\`
`
}

function describeApps(): string {
  return `${describeTables("pusher_apps")}

\`\`\`toml
[[pusher_apps]]
id = "shop"
key = "shop-key-1"
secret = "a-long-secret-of-the-shop"
webhook_urls = ["https://shop.example/pusher/webhook"]
\`\`\`
`
}

function describeSites(): string {
  return `${describeTables("sites")}

\`\`\`toml
[[sites]]
name = "club"
framework = "laravel"
store = "redis"
prefix = "club-database-club-cache-"
app_key = "base64:… as in its .env"

[[pusher_apps]]
id = "club"
key = "club-key-1"
secret = "a-long-secret-of-the-club"
site = "club"
origins = ["https://club.example"]
\`\`\`
`
}

function describeTables(name: string): string {
  const setting = SETTING_BY_NAME.get(name)
  if (!setting) throw new Error(`the schema has lost its ${name}`)
  const rows = ROW_SETTINGS.get(name) ?? []
  const lines = rows.map((row) => `| \`${row.name}\` | ${cell(row.doc.doc)} | ${cell(defaultOf(row.doc))} |`)
  return `## [[${name}]]

${setting.doc.doc}

Default: ${setting.doc.defaultNote}. Environment: ${setting.env.map(code).join(" or ")}, as JSON.

| name | meaning | default |
| --- | --- | --- |
${lines.join("\n")}`
}

function defaultOf(doc: FieldDoc): string {
  if (doc.defaultNote) return doc.defaultNote
  if (doc.default === undefined) return "not set"
  return code(JSON.stringify(doc.default))
}

const code = (text: string) => `\`${text}\``
const cell = (text: string) => text.replaceAll("|", "\\|")
