/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Random = () => number

const LENGTHS = ["0", "-1", "1", "7", "4096", "65536", "2147483647", "4294967295", "9223372036854775807", "1e9", "+3"]

/** Bytes damaged in one to four places, in the ways that hurt readers: lengths, types, order, ends. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result = Buffer.from(bytes)
  for (let count = 1 + below(random, 4); count > 0; count--) {
    const change = CHANGES[below(random, CHANGES.length)]
    if (change) result = change(result, random)
  }
  return result
}

/** Values of all kinds, also such as PHP takes and never writes, and such as it refuses. */
const VALUES = [
  ...["N;", "b:0;", "b:2;", "i:7;", "i:-7;", "i:+5;", "i:007;", "i:;", "i: 5;", "i:99999999999999999999;"],
  ...["d:0.5;", "d:.5;", "d:1.;", "d:1e3;", "d:-INF;", "d:nan;", "d:--1;", 's:1:"a";', 's:01:"a";', 's:+1:"a";'],
  ...['s:-1:"";', 'S:1:"\\41";', "a:0:{}", "a:01:{i:0;N;}", "a:1:{b:1;N;}", "a:2:{i:0;i:1;i:0;i:2;}", "a:1:{i:0;R:1;}"],
  ...['O:8:"stdClass":0:{}', 'O:8:"stdClass":1:{s:2:"\0a";N;}', 'O:3:"Foo":1:{s:1:"x";R:1;}', 'O:0:"":0:{}'],
  ...[
    'O:+8:"stdClass":0:{}',
    'C:3:"Foo":2:{ab}',
    'C:8:"stdClass":0:{}',
    "R:1;",
    "R:2;",
    "R:3;",
    "R:0;",
    "r:1;",
    "r:2;",
    "r:9;",
  ],
]
const VALUE = /[NbidsaOCRrS](?::[^;{}"]{0,12})?(?::"[^"]{0,20}")?[;{]/g

/** The text of one value, or of its beginning, for another, before another, or in the place of one of the same session. */
export function swapValues(bytes: Uint8Array, random: Random): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1")
  const found = [...text.matchAll(VALUE)]
  const pick = () => found[below(random, found.length)]
  const [here, there] = [pick(), pick()]
  if (!here || !there) return bytes
  const other = below(random, 2) === 0 ? there[0] : (VALUES[below(random, VALUES.length)] ?? "")
  const replaced = below(random, 2) * here[0].length
  return Buffer.from(text.slice(0, here.index) + other + text.slice(here.index + replaced), "latin1")
}

const CHANGES: readonly ((bytes: Buffer, random: Random) => Buffer<ArrayBuffer>)[] = [
  (bytes, random) => withByte(bytes, below(random, bytes.length), below(random, 256)),
  (bytes, random) => {
    const at = below(random, bytes.length)
    return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << below(random, 8)))
  },
  (bytes, random) => Buffer.from(bytes.subarray(0, below(random, bytes.length + 1))),
  (bytes, random) => splice(bytes, below(random, bytes.length), below(random, 20), Buffer.alloc(0)),
  (bytes, random) => splice(bytes, below(random, bytes.length), 0, slice(bytes, random)),
  (bytes, random) => splice(bytes, below(random, bytes.length), 0, repeated(slice(bytes, random), below(random, 300))),
  (bytes, random) => splice(bytes, below(random, bytes.length), 4, Buffer.from([0xff, 0xff, 0xff, 0xff])),
  (bytes, random) => {
    const numbers = [...bytes.toString("latin1").matchAll(/\d+/g)]
    const found = numbers[below(random, numbers.length)]
    const length = LENGTHS[below(random, LENGTHS.length)] ?? "0"
    return splice(bytes, found?.index ?? 0, found?.[0].length ?? 0, Buffer.from(length))
  },
  (bytes, random) => {
    const types = "NbidsSaOCERr"
    return withByte(bytes, below(random, bytes.length), types.charCodeAt(below(random, types.length)))
  },
  (bytes, random) => Buffer.from(swapValues(bytes, random)),
]

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = byte
  return copy
}

function splice(bytes: Buffer, at: number, drop: number, insert: Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)])
}

function slice(bytes: Buffer, random: Random): Buffer {
  const from = below(random, bytes.length)
  return bytes.subarray(from, from + below(random, 40))
}

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes))
}
