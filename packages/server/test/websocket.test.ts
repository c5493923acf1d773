import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmbeddedMember, startEmbedded } from '../src/embed.ts'

/** The gateway over WebSockets, as browsers speak it, on real sockets. Messages are framed by hand: short, masked. */

let folder: string
let member: EmbeddedMember
let port: number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-websocket-'))
  const [listenClientUrls, listenPeerUrls] = [['http://127.0.0.1:0'], ['http://127.0.0.1:0']]
  member = await startEmbedded({ dataDir: folder, listenClientUrls, listenPeerUrls, cors: ['http://page:80'] })
  port = Number(member.clientAddresses[0]?.split(':')[1])
})
afterEach(async () => {
  await member.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A frame of a client: one text message of less than 126 bytes, or the end. */
function frame(text: string | undefined): Buffer {
  const payload = Buffer.from(text ?? '')
  expect(payload.length).toBeLessThan(126)
  return Buffer.concat([Buffer.from([text === undefined ? 0x88 : 0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

class TestSocket {
  readonly head: Promise<string>
  readonly ended: Promise<void>
  readonly #socket
  #bytes = Buffer.alloc(0)
  #wake: () => void = () => {}

  constructor(path: string, headers: readonly string[] = []) {
    this.#socket = connect(port, '127.0.0.1')
    const wanted = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    this.#socket.write([`GET ${path} HTTP/1.1`, 'Host: me', ...wanted, key, ...headers, '', ''].join('\r\n'))
    this.#socket.on('data', chunk => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    this.ended = new Promise(resolve => this.#socket.once('close', () => resolve()))
    this.head = this.#take(bytes => {
      const end = bytes.indexOf('\r\n\r\n')
      return end < 0 ? undefined : [bytes.subarray(0, end).toString(), end + 4]
    })
  }

  send(text: string | undefined): void {
    this.#socket.write(frame(text))
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** The next message. */
  async next(): Promise<string> {
    await this.head
    return this.#take(bytes => {
      const short = (bytes[1] ?? 0) & 0x7f
      const start = short === 126 ? 4 : 2
      const length = short === 126 && bytes.length > 3 ? bytes.readUInt16BE(2) : short
      const isWhole = bytes.length > 3 && bytes.length >= start + length
      return isWhole ? [bytes.subarray(start, start + length).toString(), start + length] : undefined
    })
  }

  async #take(cut: (bytes: Buffer) => [string, number] | undefined): Promise<string> {
    for (;;) {
      const found = cut(this.#bytes)
      if (found !== undefined) {
        this.#bytes = this.#bytes.subarray(found[1])
        return found[0]
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

const post = async (path: string, body: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body })).text()

test('a watch: messages are requests, each line of the answer is a message', async () => {
  const socket = new TestSocket('/v3/watch')
  expect(await socket.head).toMatch(/^HTTP\/1\.1 101 /)
  socket.send('{"create_request":{"key":"YQ=="}}')
  expect(JSON.parse(await socket.next()).result.created).toBe(true)
  await post('/v3/kv/put', '{"key":"YQ==","value":"MQ=="}')
  expect(JSON.parse(await socket.next()).result.events[0].kv.value).toBe('MQ==')
  socket.send('{"cancel_request":{}}')
  expect(JSON.parse(await socket.next()).result.canceled).toBe(true)
  socket.destroy()
})

test('a unary call is answered once, then the socket is closed; the token comes with the protocol', async () => {
  const socket = new TestSocket('/v3beta/kv/range', ['Sec-WebSocket-Protocol: Bearer, token.1'])
  expect(await socket.head).toMatch(/Sec-WebSocket-Protocol: Bearer\b/)
  socket.send('{"key":"YQ=="}')
  expect(JSON.parse(await socket.next()).header.revision).toBe('1')
  socket.send(undefined)
  await socket.ended
})

test('other paths, and pages of others, are refused', async () => {
  expect(await new TestSocket('/version').head).toMatch(/^HTTP\/1\.1 404 /)
  expect(await new TestSocket('/v3/watch', ['Origin: http://evil']).head).toMatch(/^HTTP\/1\.1 403 /)
  expect(await new TestSocket('/v3/watch', ['Origin: http://page:80']).head).toMatch(/^HTTP\/1\.1 101 /)
})

test('whoever offers another protocol is answered in this one', async () => {
  const headers = { connection: 'Upgrade', upgrade: 'h2c', 'content-length': '14' }
  const answer = await new Promise<string>((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/v3/kv/range', method: 'POST', headers }
    const sent = request(options, response => {
      let text = `${response.statusCode} `
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject)
    sent.end('{"key":"YQ=="}')
  })
  expect(answer).toMatch(/^200 \{"header":/)
})
