import { storeContract } from "../contract-suite.ts"
import { childStore, inProcess, onTemporaryFile } from "./testing/stores.ts"

storeContract("SQLite in this process", inProcess)
/** A thousand calls at once on a busy machine: how long one may take is not the contract's. */
const PATIENCE = { callTimeoutMs: 60_000 }
storeContract("SQLite in a child process", () => onTemporaryFile(async (file) => childStore(file, PATIENCE)))
