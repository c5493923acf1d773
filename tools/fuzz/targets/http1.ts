import { memoryPipePair } from '@kvs/net'
import { type HttpHandler, routeHttp, textResponse } from '../../../packages/server/src/edge/http.ts'
import { Http1 } from '../../../packages/server/src/embed/http1.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { chunked } from './direct-pipe.ts'

/** Turns of the loop after which a connection that has ended must be over. */
const MAX_TURNS = 200

const seen: string[] = []

const echo: HttpHandler = async (request, body) => {
  let length = 0
  for await (const piece of body) length += piece.length
  seen.push(`${request.method.slice(0, 8)} ${request.path.split('/').length} ${length > 0}`)
  return textResponse(
    200,
    `${request.method} ${request.path}?${request.query} ${length} ${request.header('host') ?? ''}`,
  )
}

const handle = routeHttp([
  { path: '/echo', handle: echo },
  { path: '/v3/', handle: echo },
  { path: '/ignore', handle: () => textResponse(404, 'no') },
])

/** What escaped into the loop. */
let escaped: unknown
let isWatching = false

async function run(input: Uint8Array): Promise<string> {
  if (!isWatching) {
    isWatching = true
    process.on('uncaughtException', error => {
      escaped = error
    })
  }
  seen.length = 0
  const http = new Http1(handle)
  const [writer, reader] = memoryPipePair({ schedule: (_delivery, deliver) => deliver() })
  const answer: Uint8Array[] = []
  let isOver = false
  writer.start({
    data: chunk => void answer.push(chunk),
    drain() {},
    end() {},
    close() {
      isOver = true
    },
  })
  http.accept(reader)
  for (const chunk of chunked(input.subarray(1), input[0] ?? 0)) if (chunk.length > 0) writer.write(chunk)
  writer.end()
  for (let turn = 0; turn < MAX_TURNS && !isOver; turn++) await new Promise(resolve => setImmediate(resolve))
  http.close()
  const error = escaped
  escaped = undefined
  if (error !== undefined) throw error
  mustHold(isOver, 'a connection that has ended is not over')
  const text = Buffer.concat(answer).toString('latin1')
  mustHold(text === '' || text.startsWith('HTTP/1.1 '), 'answers something else than HTTP')
  return `${[...new Set(text.match(/^HTTP\/1\.1 \d+/gm))].join()} ${[...new Set(seen)].sort().join()}`
}

const text = (words: string): Uint8Array => new TextEncoder().encode(words)

/** Bytes of anybody to the HTTP/1.1 port: an answer or an end, and nothing escapes. */
export const http1: FuzzTarget = {
  name: 'http1',
  maxBytes: 2_048,
  dictionary: [
    'GET /echo HTTP/1.1\r\nHost: a\r\n\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\n',
    'Expect: 100-continue\r\n',
    'Connection: upgrade\r\nUpgrade: websocket\r\n',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    'HTTP/1.0',
    ' /v3/kv/put?a=b ',
    '%2e%2e/',
    '\r\n',
  ].map(text),
  seeds: () =>
    [
      'GET /echo HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /v3/kv/put HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      'POST /v3/watch HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET http://a/ignore HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    ].map(one => text(`\0${one}`)),
  run,
}
