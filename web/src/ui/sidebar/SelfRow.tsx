import { t } from "../../i18n/index.ts"
import { link } from "../../session/connection.ts"
import { me } from "../../state/people.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Icon } from "../bits/Icon.tsx"
import { Popover } from "../bits/Popover.tsx"
import { Settings } from "./Settings.tsx"

export function SelfRow() {
  const user = me.value
  if (!user) return null
  return (
    <footer class="self">
      <Popover
        label={t().settings}
        named
        buttonClass="self-button"
        placed="above"
        button={
          <>
            <Avatar user={user} size={30} online={link.value === "up"} />
            <span class="self-name">{user.name}</span>
            <span class="hidden">{t().settings}</span>
            <Icon name="settings" size={17} />
          </>
        }
      >
        {(close) => <Settings close={close} />}
      </Popover>
    </footer>
  )
}
