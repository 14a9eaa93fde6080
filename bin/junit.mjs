/**
 * What a JUnit report of `bun test` says: counts, names of what failed, and the files it speaks of.
 *
 * A skipped test counts as failed: what is not run is not known to work.
 *
 * @param {string} xml
 */
export function readReport(xml) {
  const files = new Set()
  const failures = []
  let passed = 0
  let current
  const finish = () => {
    if (!current) return
    if (current.problem) failures.push(`${current.file}: ${current.name} (${current.problem})`)
    else passed++
    current = undefined
  }
  const withoutText = xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, "")
  for (const [, closing, tag, attributes, empty] of withoutText.matchAll(TAG)) {
    if (tag === "testcase" && !closing) {
      const file = attribute(attributes, "file")
      files.add(file)
      current = {
        file,
        name: [attribute(attributes, "classname"), attribute(attributes, "name")].filter(Boolean).join(" > "),
      }
      if (empty) finish()
    } else if (tag === "testcase") finish()
    else if (current && (tag === "failure" || tag === "error")) current.problem = "failed"
    else if (current && tag === "skipped") current.problem ??= "skipped"
  }
  return { passed, failures, files }
}

const TAG = /<(\/?)([\w-]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g

function attribute(attributes, name) {
  const text = new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1] ?? ""
  return text.replace(/&(lt|gt|quot|apos|amp|#10);/g, (_, entity) => ENTITIES[entity])
}

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&", "#10": "\n" }
