import { storeContract } from "../contract-suite.ts"
import { childStore, inProcess, onTemporaryFile } from "./testing/stores.ts"

storeContract("SQLite in this process", inProcess)
storeContract("SQLite in a child process", () => onTemporaryFile(async (file) => childStore(file)))
