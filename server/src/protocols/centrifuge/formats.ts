/** Names of the encoders, and so the beginnings of their topics. */
export const JSON_FORMAT = "cj"
export const PROTOBUF_FORMAT = "cp"
export const UNIDIRECTIONAL_FORMAT = "cu"
