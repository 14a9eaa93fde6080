import { ERRORS, type ErrorCode, type SkeinError } from "../../core/errors.ts"

export type Language = "zh-CN" | "en"

/** What the server says in rooms, in the language of who reads it. */
export const TEXTS = {
  "zh-CN": {
    joined: (room: string) => `已加入房间 ${room}`,
    left: (room: string) => `已离开房间 ${room}`,
    memberLeft: (name: string) => `${name} 离开了房间`,
  },
  en: {
    joined: (room: string) => `Joined room ${room}`,
    left: (room: string) => `Left room ${room}`,
    memberLeft: (name: string) => `${name} left the room`,
  },
} as const

const CHINESE_ERRORS: Readonly<Record<ErrorCode, string>> = {
  internal: "服务器内部错误",
  unauthorized: "身份验证失败",
  unknown_channel: "没有这个频道",
  permission_denied: "没有权限",
  method_not_found: "不支持的操作",
  already_subscribed: "已订阅该频道",
  limit_exceeded: "超出限制",
  bad_request: "请求格式错误",
  not_available: "不提供此功能",
  token_expired: "令牌已过期",
  expired: "已过期",
  too_many_requests: "操作过于频繁",
  unrecoverable_position: "历史消息已无法补齐",
  conflict: "与现有内容冲突",
  not_found: "不存在",
  payload_too_large: "内容过大",
  not_a_member: "不是该房间的成员",
  text_too_long: "消息过长",
  name_taken: "名字已被占用",
  storage_full: "存储空间已满",
  storage_unavailable: "存储暂时不可用",
  shutting_down: "服务器正在关闭",
}

/** Chinese names the kind of refusal; the cause, written for developers, follows as it is. */
export function errorText(error: SkeinError, language: Language): string {
  if (language === "en") return error.message
  const text = CHINESE_ERRORS[error.code]
  return error.message === ERRORS[error.code].text ? text : `${text}：${error.message}`
}
