import { render } from "preact"
import { followLanguage } from "./i18n/index.ts"
import { followTokens } from "./session/session.ts"
import { followPlace } from "./state/homing.ts"
import { followKeyboard } from "./state/screen.ts"
import { followSettings } from "./state/settings.ts"
import { followTitle } from "./state/title.ts"
import { open } from "./state/visit.ts"
import "./styles/index.css"
import { App } from "./ui/App.tsx"

followSettings()
followLanguage()
followTitle()
followPlace()
followKeyboard()
followTokens()
render(<App />, document.getElementById("app") as HTMLElement)
void open()
