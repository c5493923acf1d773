import { expect, test } from 'vitest'
import { guardHttp, type HttpRequest, type HttpRoute, routeHttp, textResponse } from '../src/edge/http.ts'
import type { Logger } from '../src/parts.ts'

async function* nothing(): AsyncGenerator<Uint8Array> {}

const request = (path: string): HttpRequest => ({
  method: 'GET',
  path,
  query: '',
  header: () => undefined,
  headers: [],
  isEncrypted: false,
  commonName: undefined,
  remote: 'r',
})

async function ask(handle: ReturnType<typeof routeHttp>, path: string): Promise<string> {
  const { status, body } = await handle(request(path), nothing(), new AbortController().signal)
  return `${status} ${new TextDecoder().decode(body as Uint8Array)}`
}

const says = (path: string): HttpRoute => ({ path, handle: () => textResponse(200, path) })

test('the first route that equals, or is a prefix that ends in a slash, answers', async () => {
  const inner = routeHttp([says('/a'), says('/b/')])
  const outer = routeHttp([says('/a/'), says('/b/c')], inner)
  const answers = ['/a', '/a/x', '/b/', '/b/c', '/b/d', '/c'].map(path => ask(outer, path))
  expect(await Promise.all(answers)).toEqual([
    ...['200 /a', '200 /a/', '200 /b/', '200 /b/c', '200 /b/', '404 404 page not found\n'],
  ])
})

test('what a handler throws is logged, and answered', async () => {
  const lines: unknown[] = []
  const say = (): void => {}
  const logger: Logger = { debug: say, info: say, warn: say, error: (message, fields) => lines.push([message, fields]) }
  const fails = (): never => {
    throw new Error('broken')
  }
  expect(await ask(guardHttp(fails, logger), '/x')).toBe('500 internal server error\n')
  expect(lines).toEqual([['failed to answer an HTTP request', { method: 'GET', path: '/x', error: 'broken' }]])
})
