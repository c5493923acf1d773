import { writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FailpointError, type FailpointParts, Failpoints, parseSettings } from '@kvs/server/embed'

type Environment = Readonly<Record<string, string | undefined>>

/** What failpoints do to this process. */
const thisProcess: FailpointParts = {
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  block: durationMs => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs),
  random: Math.random,
  crash,
  print: line => void process.stdout.write(`${line}\n`),
}

/** Nothing runs after this: no handler of an exit, no other thread, nothing of LMDB's. */
function crash(line: string): never {
  try {
    writeSync(2, `${line}\n`)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
  throw new Error(line)
}

/**
 * Failpoints as the environment asks for them: `GOFAIL_FAILPOINTS` sets some, `GOFAIL_HTTP` is the address where they are
 * steered. Undefined if it does not ask. Throws `FailpointError` for settings that cannot be read, and what listening
 * throws. Names that nobody knows are passed over, and told of.
 */
export async function openFailpoints(
  environment: Environment,
  warn: (text: string) => void,
): Promise<Failpoints | undefined> {
  const settings = environment['GOFAIL_FAILPOINTS'] ?? ''
  const address = environment['GOFAIL_HTTP'] ?? ''
  if (settings === '' && address === '') return undefined
  const failpoints = new Failpoints(thisProcess)
  setAll(failpoints, settings, name => warn(`GOFAIL_FAILPOINTS names ${name}, which is no failpoint`))
  if (address !== '') await serveFailpoints(failpoints, address)
  return failpoints
}

/** All, or none if one cannot be read. */
function setAll(failpoints: Failpoints, settings: string, unknown: (name: string) => void): void {
  const known = new Set(failpoints.list().map(({ name }) => name as string))
  const asked = parseSettings(settings).filter(({ name }) => {
    const isKnown = known.has(name.slice(name.lastIndexOf('/') + 1))
    if (!isKnown) unknown(name)
    return isKnown
  })
  for (const setInForce of asked.map(({ name, terms }) => failpoints.prepare(name, terms))) setInForce()
}

/**
 * Listens at `host:port`; returns the port.
 *
 *   GET /             what all are set to, `name=terms` per line
 *   GET /NAME         what one is set to; 404 if there is none, or it is off
 *   GET /NAME/count   how often it has acted since
 *   PUT /NAME         sets it to the terms in the body
 *   PUT /failpoints   sets several, `name=terms` joined by `;`
 *   DELETE /NAME      turns it off
 */
export async function serveFailpoints(failpoints: Failpoints, address: string): Promise<number> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  if (port === '') throw new Error(`GOFAIL_HTTP=${address} is no host:port`)
  const server = createServer((request, response) => {
    answer(failpoints, request, response).catch((error: unknown) => {
      fail(response, 400, error instanceof Error ? error.message : String(error))
    })
  })
  // Steering a member is no reason for it to live on.
  server.unref()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: Number(port), host: host.replace(/^\[(.*)\]$/, '$1') || undefined }, resolve)
  })
  return (server.address() as AddressInfo).port
}

const bodyBytesMax = 65_536

async function answer(failpoints: Failpoints, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = decodeURI((request.url ?? '/').slice(1))
  if (request.method === 'GET') return show(failpoints, name, response)
  if (request.method === 'DELETE') {
    const failure = failureOf(() => failpoints.remove(name))
    if (failure === undefined) return void response.writeHead(204).end()
    return fail(response, 400, `failed to delete failpoint ${failure}`)
  }
  if (request.method === 'PUT') return change(failpoints, name, { request, response })
  response.setHeader('Allow', 'DELETE, GET, PUT')
  fail(response, 405, 'Method not allowed')
}

function show(failpoints: Failpoints, name: string, response: ServerResponse): void {
  if (name === '') {
    const lines = failpoints.list().map(each => `${each.name}=${each.terms}\n`)
    return void response.end(lines.join(''))
  }
  const [, of = name, isCount] = /^(.*)(\/count)$/.exec(name) ?? []
  const failure = failureOf(() => {
    const { terms, count } = failpoints.status(of)
    response.end(isCount === undefined ? `${terms}\n` : `${count}`)
  })
  if (failure !== undefined) fail(response, 404, `failed to GET: ${failure}`)
}

/** What is set may end the process: the answer goes first. */
async function change(
  failpoints: Failpoints,
  name: string,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const terms = await bodyOf(request)
  const inForce: (() => void)[] = []
  const failure = failureOf(() => {
    const settings = name === 'failpoints' ? parseSettings(terms) : [{ name, terms }]
    inForce.push(...settings.map(each => failpoints.prepare(each.name, each.terms)))
  })
  if (failure !== undefined) return fail(response, 400, `failed to set failpoint ${name}: ${failure}`)
  response.writeHead(204).end(() => {
    for (const put of inForce) put()
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string
    if (text.length > bodyBytesMax) throw new Error('the body is too long')
  }
  return text
}

/** The message of a `FailpointError`; undefined if there is none. */
function failureOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!(error instanceof FailpointError)) throw error
    return error.message
  }
}

function fail(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
