import { memoryUsage } from 'node:process'
import { methodNotAllowed } from '../edge/health.ts'
import { type HttpHandler, textResponse } from '../edge/http.ts'
import { fileDescriptorLimit } from './process-families.ts'

/** `/debug/vars`: what Go's `expvar` publishes of etcd. Of its memory statistics those that Node has, too. */
export function debugVars(parts: {
  readonly commandLine: readonly string[]
  readonly raftStatusJson: () => string
}): HttpHandler {
  return request => {
    if (request.method !== 'GET') return methodNotAllowed()
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = memoryUsage()
    const heap = { Alloc: heapUsed, HeapAlloc: heapUsed, HeapInuse: heapUsed, HeapSys: heapTotal }
    const lines = [
      `"cmdline": ${JSON.stringify(parts.commandLine)}`,
      `"file_descriptor_limit": ${fileDescriptorLimit()}`,
      `"memstats": ${JSON.stringify({ ...heap, Sys: rss, External: external, ArrayBuffers: arrayBuffers })}`,
      `"raft.status": ${parts.raftStatusJson()}`,
    ]
    return textResponse(200, `{\n${lines.join(',\n')}\n}\n`, 'application/json; charset=utf-8')
  }
}
