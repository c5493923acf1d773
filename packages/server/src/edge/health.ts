import { AlarmType } from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import { requestTimeoutOf } from '../options.ts'
import { alarmName, describeAlarm } from '../state/alarms.ts'
import {
  errorResponse,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type HttpRoute,
  textResponse,
} from './http.ts'
import type { Member } from './member.ts'

/** What load balancers, Kubernetes and operators ask about a member's health: `/health`, `/livez` and `/readyz`. */
export function healthRoutes(member: Member): readonly HttpRoute[] {
  return [
    {
      path: '/health',
      handle: getOnly(
        request => health(member, request),
        () => member.logger.warn('/health error', { 'status-code': 405 }),
      ),
    },
    ...checkRoutes(member, 'livez', [['serializable_read', () => read(member, true)]]),
    ...checkRoutes(member, 'readyz', [
      ['data_corruption', async () => corruption(member)],
      ['serializable_read', () => read(member, true)],
      ['linearizable_read', () => read(member, false)],
      ['non_learner', async () => learner(member)],
    ]),
  ]
}

/** Answers 405 to everything but GET. */
function getOnly(handle: (request: HttpRequest) => Promise<HttpResponse>, onOther: () => void): HttpHandler {
  return request => {
    if (request.method === 'GET') return handle(request)
    onOther()
    return methodNotAllowed()
  }
}

export function methodNotAllowed(allowed = 'GET'): HttpResponse {
  return errorResponse(405, 'Method Not Allowed', [['Allow', allowed]])
}

/** Alarms first, then the leader, then a read. `exclude=NOSPACE` passes over an alarm, `serializable=true` over the leader. */
async function health(member: Member, { query }: HttpRequest): Promise<HttpResponse> {
  const asked = new URLSearchParams(query)
  const isSerializable = asked.get('serializable') === 'true'
  const reason =
    alarmReason(member, asked.getAll('exclude')) ??
    leaderReason(member, isSerializable) ??
    (await readReason(member, isSerializable))
  const output = JSON.stringify({ health: String(reason === undefined), reason: reason ?? '' })
  const { metrics } = member.state
  if (reason === undefined) {
    metrics.healthSuccesses++
    member.logger.debug('/health OK', { 'status-code': 200 })
    return textResponse(200, output)
  }
  metrics.healthFailures++
  member.logger.warn('/health error', { output, 'status-code': 503 })
  return errorResponse(503, output)
}

function alarmReason(member: Member, excluded: readonly string[]): string | undefined {
  const active = member.state.alarms.list().find(({ alarm }) => !excluded.includes(alarmName(alarm)))
  if (active === undefined) return undefined
  member.logger.warn('serving /health false due to an alarm', { alarm: describeAlarm(active) })
  const isKnown = active.alarm === AlarmType.NOSPACE || active.alarm === AlarmType.CORRUPT
  return `ALARM ${isKnown ? alarmName(active.alarm) : 'UNKNOWN'}`
}

function leaderReason(member: Member, isSerializable: boolean): string | undefined {
  if (isSerializable || member.consensus.leader !== 0n) return undefined
  member.logger.warn('serving /health false; no leader')
  return 'RAFT NO LEADER'
}

async function readReason(member: Member, isSerializable: boolean): Promise<string | undefined> {
  const error = await read(member, isSerializable)
  if (error === undefined) return undefined
  member.logger.warn('serving /health false; Range fails', { error })
  return `RANGE ERROR:${error}`
}

/** A check resolves with what is wrong, or undefined. */
type Check = readonly [name: string, run: () => Promise<string | undefined>]

/** A path that runs all checks, and one for each of them. */
function checkRoutes(member: Member, type: string, checks: readonly Check[]): readonly HttpRoute[] {
  const route = (path: string, chosen: (request: HttpRequest) => readonly Check[]): HttpRoute => {
    const warn = (): void => member.logger.warn('Health request error', { path, 'status-code': 405 })
    return { path, handle: getOnly(request => runChecks(member, { type, path, request }, chosen(request)), warn) }
  }
  return [
    route(`/${type}`, request => withoutExcluded(member, request, checks)),
    ...checks.map(check => route(`/${type}/${check[0]}`, () => [check])),
  ]
}

/** What does not exist may be excluded too, so that probes can be written for several versions. */
function withoutExcluded(member: Member, { query }: HttpRequest, checks: readonly Check[]): readonly Check[] {
  const excluded = new URLSearchParams(query).getAll('exclude').filter(name => name !== '')
  const missing = [...new Set(excluded)].filter(name => !checks.some(([known]) => known === name))
  if (missing.length > 0) {
    const names = missing.map(name => JSON.stringify(name)).join(',')
    member.logger.warn('some health checks cannot be excluded', { 'missing-health-checks': names })
  }
  return checks.filter(([name]) => !excluded.includes(name))
}

async function runChecks(
  member: Member,
  asked: { readonly type: string; readonly path: string; readonly request: HttpRequest },
  checks: readonly Check[],
): Promise<HttpResponse> {
  const { type, path, request } = asked
  let reason = ''
  let isHealthy = true
  for (const [name, run] of checks) {
    const error = await run()
    member.state.metrics.healthCheck(type, name, error === undefined)
    reason += error === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${error}\n`
    if (error !== undefined) isHealthy = false
  }
  if (!isHealthy) {
    member.logger.error('Health check error', { path, reason, 'status-code': 503 })
    return errorResponse(503, reason)
  }
  member.logger.debug('Health check OK', { path, reason, 'status-code': 200 })
  const isVerbose = new URLSearchParams(request.query).has('verbose')
  const response = textResponse(200, `${isVerbose ? reason : ''}ok\n`)
  return { ...response, headers: [...response.headers, ['X-Content-Type-Options', 'nosniff']] }
}

function corruption({ state }: Member): string | undefined {
  return state.alarms.has(AlarmType.CORRUPT) ? 'alarm activated: CORRUPT' : undefined
}

function learner({ id, state }: Member): string | undefined {
  const isLearner = state.cluster.members.some(member => member.id === id && member.isLearner)
  return isLearner ? 'not supported for learner' : undefined
}

const firstKey = new Uint8Array(1)

/** Reads one key as any client would, and gives up as a request does. Resolves with the error. */
function read(member: Member, isSerializable: boolean): Promise<string | undefined> {
  const readLocally = (): string | undefined => {
    try {
      member.state.store.range({ key: firstKey, limit: 1, keysOnly: true })
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  if (isSerializable) return Promise.resolve(readLocally())
  return new Promise(resolve => {
    const timer = member.clock.setTimer(requestTimeoutOf(member.options), () =>
      resolve(Refusal.of('CONTEXT_DEADLINE').message),
    )
    const settle = (error: string | undefined): void => {
      member.clock.clearTimer(timer)
      resolve(error)
    }
    member.readLinearizable({
      // A member that leads alone reads without its log, and is of no use if that hangs.
      applied: () => void member.logWritten().then(() => settle(readLocally())),
      refused: refusal => settle(refusal.message),
    })
  })
}
