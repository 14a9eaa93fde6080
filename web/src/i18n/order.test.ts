import { expect, test } from "bun:test"
import { orderIn } from "./order.ts"

test("numbers in names count as numbers, case and accents as little", () => {
  const names = ["Room 10", "room 2", "Élan", "Zoo", "Room 1"]
  expect(names.sort(orderIn("en"))).toEqual(["Élan", "Room 1", "room 2", "Room 10", "Zoo"])
})

test("Chinese readers have names by their sound", () => {
  expect(["张三", "王伟", "陈静", "李娜"].sort(orderIn("zh-CN"))).toEqual(["陈静", "李娜", "王伟", "张三"])
})
