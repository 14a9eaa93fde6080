import { expect, test } from "bun:test"
import type { Membership } from "../contract.ts"
import { Following } from "./following.ts"
import { adopt, drop, type Room, rooms } from "./rooms.ts"

/** A server that gives so many channels and no more, and refuses a moment later. */
function server(places: number) {
  rooms.value = new Map()
  const channels = new Set<string>()
  const refusals: string[] = []
  const asked: string[] = []
  let open: Room | undefined
  const following = new Following({
    connection: {
      isUp: () => true,
      subscribe: (channel) => {
        if (channels.has(channel) || channels.size < places) channels.add(channel)
        else refusals.push(channel)
      },
      unsubscribe: (channel) => void channels.delete(channel),
    },
    ask: (id) => asked.push(id),
    openRoom: () => open,
  })
  const answer = () => {
    for (;;) {
      const channel = refusals.shift()
      const room = [...rooms.peek().values()].find((one) => one.channel === channel)
      if (channel === undefined) return
      if (room) following.refused(room)
    }
  }
  const go = (room: Room) => {
    open = room
    following.opened(room)
    answer()
  }
  return { channels, following, answer, go }
}

/** Rooms 1, 2, 3 …: the higher the number, the livelier. */
const makeRooms = (count: number): Room[] =>
  Array.from({ length: count }, (_, index) =>
    adopt({
      id: `${index + 1}`,
      channel: `chat:${index + 1}`,
      kind: "room",
      created_at: index + 1,
      seq_head: 0,
      chg_head: 0,
      read_seq: 0,
      unread: 0,
    } as Membership),
  )

test("the liveliest rooms are followed; a room that is opened takes the place of the quietest", () => {
  const { channels, following, answer, go } = server(3)
  const all = makeRooms(6)
  following.followAll(all)
  answer()
  expect([...channels].sort()).toEqual(["chat:4", "chat:5", "chat:6"])
  go(all[0] as Room)
  expect([...channels].sort()).toEqual(["chat:1", "chat:5", "chat:6"])
  go(all[5] as Room)
  expect(channels.size).toBe(3)
  // After a reconnect nobody asks again for what was refused.
  following.followAll(all)
  answer()
  expect([...channels].sort()).toEqual(["chat:1", "chat:5", "chat:6"])
})

test("the room that is open gets a place whenever it is refused, and a room that is left gives its own away", () => {
  const { channels, following, answer, go } = server(3)
  const all = makeRooms(8)
  go(all[0] as Room)
  following.followAll(all)
  answer()
  expect(channels.has("chat:1")).toBe(true)
  expect(channels.size).toBe(3)
  drop("8")
  following.left(all[7] as Room)
  expect(channels.has("chat:8")).toBe(false)
  expect(channels.size).toBe(3)
})
