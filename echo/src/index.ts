export { type PusherClass, recovering } from "./recovering.ts"
export { GAP_EVENT, type Gap } from "./recovery.ts"
