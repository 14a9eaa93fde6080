import { expect, test } from "bun:test"
import { initialsOf } from "./initials.ts"

test("what stands in for a picture", () => {
  const cases = {
    林小雨: "小雨",
    "Ada 小明 160": "小明",
    "Mara Lindqvist": "ML",
    "Élodie Marchand-Beauregard": "ÉB",
    jonas: "J",
    o: "O",
    "ליאור כהן": "לכ",
    // Numbers and pictures in a name are not its initials,
    "Ada Hart 176": "AH",
    "Sam 🌿": "S",
    "(guest) Ben": "GB",
    // unless there is nothing else; then one sign of it, whole.
    "42": "4",
    "👩‍👩‍👧 🌿": "👩‍👩‍👧",
    " ": "",
  }
  expect(Object.fromEntries(Object.keys(cases).map((name) => [name, initialsOf(name)]))).toEqual(cases)
})
