import { flags } from '../src/flag-table.ts'

/** Values that differ from the defaults and can be said alone. */
const samples: Readonly<Record<string, string>> = {
  'initial-cluster-state': 'existing',
  'backend-bbolt-freelist-type': 'array',
  'discovery-fallback': 'exit',
  'v2-deprecation': 'gone',
  'auto-compaction-mode': 'revision',
  'auto-compaction-retention': '5',
  'log-level': 'debug',
  'log-format': 'console',
  'log-outputs': 'stderr',
  'log-rotation-config-json': '{"maxsize":1}',
  'heartbeat-interval': '50',
  'max-request-bytes': '40960',
  'distributed-tracing-address': '127.0.0.1:1',
  logger: 'zap',
  metrics: 'extensive',
  'tls-min-version': 'TLS1.3',
  'tls-max-version': 'TLS1.3',
  'feature-gates': 'PriorityRequest=true',
  'cipher-suites': 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
}

/** A value of a flag that is not its default, as text. */
export function sampleOf(name: string): string {
  const flag = flags[name]
  if (flag === undefined) throw new Error(`no flag ${name}`)
  const byKind = {
    ...{ text: 'new', boolean: String(flag.fallback !== true), integer: '7000', count: '5', durationMs: '7s' },
    ...{ list: 'http://127.0.0.1:1', urls: 'http://127.0.0.1:1', word: 'new' },
  }
  return samples[name] ?? byKind[flag.kind]
}

/** What must be said with a flag. */
export function around(name: string): readonly string[] {
  if (name === 'listen-client-urls') return ['--advertise-client-urls=http://127.0.0.1:1']
  if (name === 'discovery-endpoints') return ['--discovery-token=t']
  if (name === 'discovery-token') return ['--discovery-endpoints=a:1']
  return name === 'enable-log-rotation' ? ['--log-outputs=/x'] : []
}
