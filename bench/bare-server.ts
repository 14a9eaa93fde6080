/** The yardstick: a room per path, every frame published to it natively, sender included. Does nothing else. */
const server = Bun.serve<{ room: string }>({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, self) {
    if (self.upgrade(request, { data: { room: new URL(request.url).pathname } })) return undefined
    return new Response("bare\n")
  },
  websocket: {
    idleTimeout: 120,
    perMessageDeflate: false,
    open: (ws) => void ws.subscribe(ws.data.room),
    message: (ws, message) => void server.publish(ws.data.room, message, false),
  },
})
console.log(`ready on ${server.port}`)

export {}
