import { type Finding, isProblem, type Severity } from "./finding.ts"

const MARKS: Readonly<Record<Severity, string>> = { ok: "✓", note: "·", warning: "!", problem: "✗" }

/** One finding as lines for people, with its cause and its fix below it. */
export function showFinding({ severity, about, says, cause, fix }: Finding): string {
  const more = [cause === undefined ? [] : `    Why: ${cause}`, fix === undefined ? [] : `    Fix: ${fix}`].flat()
  return [`${MARKS[severity]} ${about}: ${says}`, ...more].map(printable).join("\n")
}

/** Text of other servers, certificates and errors is in here: their control characters must not reach the terminal. */
const printable = (line: string): string => line.replace(/[\p{Cc}\p{Cf}]/gu, "�")

/** The last line for people: how many problems and warnings there are. */
export function showSum(findings: readonly Finding[]): string {
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length
  const [problems, warnings] = [count("problem"), count("warning")]
  if (problems + warnings === 0) return "Nothing stands in the way."
  return `${problems} ${problems === 1 ? "problem" : "problems"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}.`
}

/** Everything at once, for scripts. */
export function showJson(findings: readonly Finding[]): string {
  return JSON.stringify({ ok: !findings.some(isProblem), findings }, undefined, 2)
}
