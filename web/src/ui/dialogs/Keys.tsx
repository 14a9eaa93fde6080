import { t } from "../../i18n/index.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { isMac } from "../keys.ts"
import { closeDialog } from "./open.ts"

export function Keys() {
  const words = t()
  const ctrl = isMac ? "⌘" : "Ctrl"
  const alt = isMac ? "⌥" : "Alt"
  const rows: [string[], string][] = [
    [["Enter"], words.keySend],
    [["Shift", "Enter"], words.keyNewLine],
    [["↑"], words.keyEditLast],
    [[ctrl, "K"], words.keySwitcher],
    [[alt, "↑ ↓"], words.keyRooms],
    [["↑ ↓"], words.keyMessages],
    [["R", "E", "Del"], words.keyMessageActions],
    [["Esc"], words.keyEscape],
    [["?"], words.keyHelp],
  ]
  return (
    <Dialog title={words.keys} onClose={closeDialog}>
      <dl class="keys">
        {rows.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>{meaning}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
