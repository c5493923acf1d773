import { AlarmRequestAlarmAction as Action, AlarmType, Maintenance } from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Waiter } from '../src/consensus/waiting.ts'
import { healthRoutes } from '../src/edge/health.ts'
import { type HttpHandler, type HttpResponse, routeHttp } from '../src/edge/http.ts'
import type { Member } from '../src/edge/member.ts'
import { Refusal } from '../src/errors.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { defaultOptions } from '../src/options.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { type TestMember, World } from './member.ts'

async function* noBody(): AsyncGenerator<Uint8Array> {}

/** Asks like curl: `GET /path?query`. */
async function ask(handle: HttpHandler, request: string): Promise<HttpResponse> {
  const [method = '', url = ''] = request.split(' ')
  const [path = '', query = ''] = url.split('?')
  const head = {
    method,
    path,
    query,
    header: () => undefined,
    headers: [],
    remote: '',
    isEncrypted: false,
    commonName: undefined,
  }
  const response = await handle(head, noBody(), new AbortController().signal)
  // What every answer of the client port has.
  return { ...response, headers: response.headers.filter(([name]) => !name.startsWith('Access-Control-')) }
}

async function shown(handle: HttpHandler, request: string): Promise<string> {
  const { status, body } = await ask(handle, request)
  return `${status} ${new TextDecoder().decode(body as Uint8Array)}`
}

describe('a member', () => {
  let world: World
  let member: TestMember

  beforeEach(async () => {
    world = new World()
    member = await world.start()
  })
  afterEach(async () => {
    await member.member.stop()
    world.close()
  })

  const get = (url: string): Promise<string> => shown(member.member.handleHttp, `GET ${url}`)

  test.each(['/livez', '/readyz', '/livez/serializable_read', '/readyz/linearizable_read', '/readyz/non_learner'])(
    '%s is ok',
    async path => {
      expect(await get(path)).toBe('200 ok\n')
    },
  )

  test('says what it checked if asked to, and leaves out what it is told to', async () => {
    expect(await get('/livez?verbose')).toBe('200 [+]serializable_read ok\nok\n')
    expect(await get('/readyz?verbose')).toBe(
      '200 [+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n',
    )
    const excluded = '/readyz?verbose=1&exclude=linearizable_read&exclude=nothing&exclude=non_learner&exclude='
    expect(await get(excluded)).toBe('200 [+]data_corruption ok\n[+]serializable_read ok\nok\n')
    const warnings = world.log.filter(({ level }) => level === 'warn')
    expect(warnings).toEqual([
      {
        level: 'warn',
        message: 'some health checks cannot be excluded',
        fields: { 'missing-health-checks': '"nothing"' },
      },
    ])
    expect(await get('/readyz/data_corruption?verbose&exclude=data_corruption')).toBe('200 [+]data_corruption ok\nok\n')
    expect(await get('/livez?exclude=serializable_read')).toBe('200 ok\n')
  })

  test('a corrupt cluster is alive, not ready; one without space is both', async () => {
    const raise = (alarm: AlarmType) => member.call(Maintenance.alarm, { action: Action.ACTIVATE, memberId: 7n, alarm })
    await raise(AlarmType.NOSPACE)
    expect(await get('/readyz')).toBe('200 ok\n')
    await raise(AlarmType.CORRUPT)
    const failed = '[-]data_corruption failed: alarm activated: CORRUPT\n'
    expect(await get('/readyz?exclude=non_learner')).toBe(
      `503 ${failed}[+]serializable_read ok\n[+]linearizable_read ok\n\n`,
    )
    expect(await get('/readyz/data_corruption')).toBe(`503 ${failed}\n`)
    expect(await get('/livez')).toBe('200 ok\n')
    expect(await get('/readyz?exclude=data_corruption')).toBe('200 ok\n')
    const errors = world.log.filter(({ level }) => level === 'error')
    expect(errors.at(-1)).toMatchObject({
      message: 'Health check error',
      fields: { path: '/readyz/data_corruption', reason: failed, 'status-code': 503 },
    })
  })

  test.each(['/health', '/livez', '/readyz', '/readyz/non_learner'])('%s answers to GET only', async path => {
    const { status, headers, body } = await ask(member.member.handleHttp, `POST ${path}`)
    expect([status, new TextDecoder().decode(body as Uint8Array)]).toEqual([405, 'Method Not Allowed\n'])
    expect(Object.fromEntries(headers)).toEqual({
      Allow: 'GET',
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
    })
  })

  test('no browser is to guess what an answer is', async () => {
    for (const path of ['/livez', '/readyz/non_learner', '/nothing']) {
      const { headers } = await ask(member.member.handleHttp, `GET ${path}`)
      expect(Object.fromEntries(headers)).toEqual({
        'Content-Type': 'text/plain; charset=utf-8',
        'X-Content-Type-Options': 'nosniff',
      })
    }
  })

  test.each(['/livez/', '/livez/data_corruption', '/readyz/nothing', '/readyz/non_learner/'])(
    '%s is not there',
    async path => {
      expect(await get(path)).toBe('404 404 page not found\n')
    },
  )
})

describe('a member that is not well', () => {
  /** A member as health sees it, whose linearizable reads wait in a list. */
  function world(
    options: { readonly leader?: bigint; readonly isLearner?: boolean; readonly range?: () => void } = {},
  ) {
    const { leader = 1n, isLearner = false, range = () => {} } = options
    const clock = new VirtualClock()
    const metrics = new Metrics()
    const log: LogLine[] = []
    const readers: Waiter<void>[] = []
    const alarms = { list: () => [], has: () => false }
    const state = { metrics, alarms, store: { range }, cluster: { members: [{ id: 1n, isLearner }] } }
    const member = {
      id: 1n,
      clock,
      logger: keepingLogger(log),
      options: { ...defaultOptions, dataDir: '' },
      consensus: { leader },
      state,
      logWritten: () => Promise.resolve(),
      readLinearizable: (waiter: Waiter<void>) => readers.push(waiter),
    } as unknown as Member
    const handle = routeHttp(healthRoutes(member))
    const get = (path: string): Promise<string> => shown(handle, `GET ${path}`)
    return { clock, metrics, log, readers, get }
  }

  test('without a leader: not healthy, but locally alive', async () => {
    const { log, metrics, get } = world({ leader: 0n })
    expect(await get('/health')).toBe('503 {"health":"false","reason":"RAFT NO LEADER"}\n')
    expect(log.map(({ message }) => message)).toEqual(['serving /health false; no leader', '/health error'])
    expect(await get('/health?serializable=true')).toBe('200 {"health":"true","reason":""}')
    expect([metrics.healthFailures, metrics.healthSuccesses]).toEqual([1, 1])
  })

  test('whose reads are refused says why', async () => {
    const { readers, get } = world()
    const answer = get('/health')
    await Promise.resolve()
    readers[0]?.refused(Refusal.of('LEADER_CHANGED'))
    expect(await answer).toBe('503 {"health":"false","reason":"RANGE ERROR:etcdserver: leader changed"}\n')
    const ready = get('/readyz/linearizable_read')
    readers[1]?.refused(Refusal.of('TIMEOUT'))
    expect(await ready).toBe('503 [-]linearizable_read failed: etcdserver: request timed out\n\n')
  })

  test('whose reads never end is given up on like a request, and leaves no timer', async () => {
    const { clock, readers, get } = world()
    const answer = get('/health')
    clock.advance(6999)
    const soon = new Promise<string>(resolve => setImmediate(() => resolve('not yet')))
    expect(await Promise.race([answer, soon])).toBe('not yet')
    clock.advance(1)
    expect(await answer).toBe('503 {"health":"false","reason":"RANGE ERROR:context deadline exceeded"}\n')
    const again = get('/health')
    readers[1]?.applied()
    expect(await again).toBe('200 {"health":"true","reason":""}')
    expect(clock.nextAt()).toBeUndefined()
  })

  test('whose store cannot be read says what is wrong', async () => {
    const { get } = world({
      range: () => {
        throw new Error('the state has no record 7.0 of "key"')
      },
    })
    expect(await get('/livez')).toBe('503 [-]serializable_read failed: the state has no record 7.0 of "key"\n\n')
    expect(await get('/health?serializable=true')).toBe(
      '503 {"health":"false","reason":"RANGE ERROR:the state has no record 7.0 of \\"key\\""}\n',
    )
  })

  test('a learner is not ready', async () => {
    const { get, metrics } = world({ isLearner: true })
    expect(await get('/readyz/non_learner')).toBe('503 [-]non_learner failed: not supported for learner\n\n')
    expect(await get('/livez')).toBe('200 ok\n')
    expect(metrics.healthChecks).toEqual([
      { type: 'readyz', name: 'non_learner', isHealthy: false, successes: 0, errors: 1 },
      { type: 'livez', name: 'serializable_read', isHealthy: true, successes: 1, errors: 0 },
    ])
  })
})
