import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A mail server as RFC 5321 has it, which answers each command of `answers` so. */
export async function mailServer(answers: Record<string, string> = {}) {
  const said: string[] = []
  const server = createServer((socket: Socket) => {
    let isData = false
    let rest = ''
    socket.write('220 test ESMTP\r\n')
    socket.on('error', () => {})
    socket.on('data', chunk => {
      const lines = (rest + chunk.toString()).split('\r\n')
      rest = lines.pop() as string
      for (const line of lines) {
        said.push(line)
        const command = line.slice(0, 4).toUpperCase()
        if (isData && line !== '.') continue
        const answer = answers[command] ?? (command === 'DATA' ? '354 go on' : command === 'QUIT' ? '221 bye' : '250 ok')
        isData = answer.startsWith('354')
        socket.write(`${answer}\r\n`)
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { said, close: () => server.close(), smtp: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
