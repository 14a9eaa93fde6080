import { expect, test } from "bun:test"
import { descriptorLimit, fittingConnections } from "./descriptors.ts"

test("reads the soft limit of open files", () => {
  expect(
    descriptorLimit(() => "Limit  Soft Limit\nMax open files            20000                40000  files\n"),
  ).toBe(20_000)
  expect(descriptorLimit(() => "Max open files   unlimited   unlimited files\n")).toBeUndefined()
})

test("leaves a tenth of the descriptors free and refuses to start with next to none", () => {
  expect(fittingConnections(100_000, 20_000)).toBe(18_000)
  expect(fittingConnections(500, 20_000)).toBe(500)
  expect(() => fittingConnections(500, 64)).toThrow("64 files")
})
