import type { Room } from "../../state/rooms.ts"
import { Composer } from "../composer/Composer.tsx"
import { TypingLine } from "../composer/TypingLine.tsx"
import { MessageList } from "../list/MessageList.tsx"
import { Banner } from "./Banner.tsx"
import { RoomHeader } from "./RoomHeader.tsx"

export function RoomView({ room }: { room: Room }) {
  return (
    <main class="room">
      <RoomHeader room={room} />
      <Banner />
      <MessageList key={room.id} room={room} />
      <div class="foot">
        <div class="column">
          <TypingLine room={room} />
          <Composer key={room.id} room={room} />
        </div>
      </div>
    </main>
  )
}
