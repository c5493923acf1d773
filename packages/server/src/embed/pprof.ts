import { Session } from 'node:inspector/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapSnapshot } from 'node:v8'
import { methodNotAllowed } from '../edge/health.ts'
import {
  errorResponse,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type HttpRoute,
  textResponse,
} from '../edge/http.ts'
import * as limits from '../limits.ts'

/** What the pages need of the member. */
export interface PprofParts {
  readonly commandLine: readonly string[]
  /** Users are told apart: then memory, which holds what they may not read, is not shown. */
  readonly isAuthEnabled: () => boolean
}

/**
 * `/debug/pprof/`: where Go programs have their profiles, those of Node.js: CPU profiles and allocation samples as
 * Chromium's developer tools read them, and snapshots of the heap, for which the whole member stands still.
 */
export function pprofRoute(parts: PprofParts): HttpRoute {
  const profiles: Readonly<Record<string, HttpHandler>> = {
    '': () => textResponse(200, indexPage, 'text/html; charset=utf-8'),
    cmdline: () => textResponse(200, parts.commandLine.join('\0')),
    profile: (request, _body, signal) => cpuProfile(request, signal),
    allocs: (request, _body, signal) => allocations(request, signal),
    heap: () => heapSnapshot(parts),
  }
  return {
    path: '/debug/pprof/',
    handle: (request, body, signal) => {
      if (request.method !== 'GET') return methodNotAllowed()
      const name = request.path.slice('/debug/pprof/'.length)
      const handle = Object.hasOwn(profiles, name) ? profiles[name] : undefined
      return handle?.(request, body, signal) ?? errorResponse(404, 'Unknown profile')
    },
  }
}

const indexPage = `<!DOCTYPE html>
<title>/debug/pprof/</title>
<h1>/debug/pprof/</h1>
<ul>
<li><a href="profile?seconds=30">profile</a>: where CPU time goes (<code>?seconds=</code>), for Chromium's developer tools (.cpuprofile)</li>
<li><a href="allocs?seconds=30">allocs</a>: a sample of what is allocated (<code>?seconds=</code>; .heapprofile)</li>
<li><a href="heap">heap</a>: everything on the heap (.heapsnapshot). The member stands still while it is taken.</li>
<li><a href="cmdline">cmdline</a>: what the process was started with</li>
</ul>
`

/** One profile at a time: V8 has one profiler. */
let isProfiling = false

/** Seconds that a request asks for, or undefined. */
function secondsOf({ query }: HttpRequest): number | undefined {
  const said = new URLSearchParams(query).get('seconds')
  const seconds = said === null || said === '' ? limits.profileSecondsDefault : Number(said)
  return seconds > 0 && seconds <= limits.profileSecondsMax ? seconds : undefined
}

/** Lets a profiler run for as long as the request says, or until nobody waits for its profile. */
async function profiled(
  request: HttpRequest,
  signal: AbortSignal,
  {
    file,
    take,
  }: { readonly file: string; readonly take: (session: Session, run: () => Promise<void>) => Promise<object> },
): Promise<HttpResponse> {
  const seconds = secondsOf(request)
  if (seconds === undefined) {
    return errorResponse(400, `seconds must be above 0 and not above ${limits.profileSecondsMax}`)
  }
  if (isProfiling) return errorResponse(500, 'Could not enable profiling: profiling already in use')
  isProfiling = true
  const session = new Session()
  session.connect()
  try {
    const run = async (): Promise<void> => {
      await sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => {})
    }
    return download(file, JSON.stringify(await take(session, run)))
  } finally {
    session.disconnect()
    isProfiling = false
  }
}

function cpuProfile(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  return profiled(request, signal, {
    file: 'profile.cpuprofile',
    take: async (session, run) => {
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      await run()
      return (await session.post('Profiler.stop')).profile
    },
  })
}

function allocations(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  return profiled(request, signal, {
    file: 'allocs.heapprofile',
    take: async (session, run) => {
      await session.post('HeapProfiler.startSampling')
      await run()
      return (await session.post('HeapProfiler.stopSampling')).profile
    },
  })
}

function heapSnapshot({ isAuthEnabled }: PprofParts): HttpResponse {
  if (isAuthEnabled()) {
    return errorResponse(403, 'a heap snapshot holds what users may not read: none while authentication is enabled')
  }
  return { ...download('heap.heapsnapshot', ''), body: getHeapSnapshot() }
}

function download(file: string, text: string): HttpResponse {
  const response = textResponse(200, text, 'application/json')
  return { ...response, headers: [...response.headers, ['Content-Disposition', `attachment; filename="${file}"`]] }
}
