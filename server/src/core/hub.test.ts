import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Connection } from "./connection.ts"
import { Hub } from "./hub.ts"

const connectionOf = (id: string, userId: string): Connection => ({
  id,
  identity: { userId },
  format: "t",
  outlet: { send: () => undefined, join: () => undefined, leave: () => undefined, close: () => undefined },
  events: { unsubscribed: () => undefined },
  subscriptions: new Map(),
})

test("a user's connections are those that are here, whatever came, went and changed its name", () => {
  const step = fc.record({
    who: fc.nat(5),
    as: fc.constantFrom("", "ann", "bob"),
    what: fc.constantFrom("add", "identify", "remove"),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const hub = new Hub()
      const all = Array.from({ length: 6 }, (_, i) => connectionOf(`c${i}`, ""))
      const here = new Set<Connection>()
      for (const { who, as, what } of steps) {
        const connection = all[who] as Connection
        if (what === "add" && !here.has(connection)) {
          connection.identity = { userId: as }
          hub.add(connection)
          here.add(connection)
        }
        if (what === "identify") hub.identify(connection, { userId: as })
        if (what === "remove") expect(hub.remove(connection)).toBe(here.delete(connection))
      }
      for (const user of ["ann", "bob"]) {
        const expected = [...here].filter(({ identity }) => identity.userId === user)
        expect(new Set(hub.ofUser(user))).toEqual(new Set(expected))
        expect(hub.ofUser(user)).toHaveLength(expected.length)
        expect(hub.countOfUser(user)).toBe(expected.length)
      }
      expect(hub.ofUser("")).toEqual([])
      expect(hub.userCount).toBe(new Set([...here].map(({ identity }) => identity.userId).filter(Boolean)).size)
      expect(hub.connectionCount).toBe(here.size)
    }),
  )
})
