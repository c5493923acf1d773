import type { Advertised } from './embed-options.ts'
import { UsageError } from './flag-values.ts'
import { checkAdvertisedUrls, checkListenUrls } from './url-values.ts'
import type { Values } from './values.ts'

/** Refuses values that cannot be, or not together, in etcd's words and order. Throws `UsageError` (status 1). */
export function checkTogether(values: Values, advertised: Advertised): void {
  try {
    for (const name of ['listen-peer-urls', 'listen-client-urls', 'listen-client-http-urls', 'listen-metrics-urls']) {
      checkListenUrls(values.list(name))
    }
    const form = 'in the format "host:port", "unix:/path/to/socket" or "unixs:/path/to/socket"'
    checkAdvertisedUrls('initial-advertise-peer-urls', advertised.peers, '"host:port"')
    checkAdvertisedUrls('advertise-client-urls', advertised.clients, form)
    checkBootstrap(values)
    checkAdvertised(values)
    checkTracing(values)
    checkTls(values)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(error.message, 1)
    throw error
  }
}

/** The members of a new cluster come from one place. */
function checkBootstrap(values: Values): void {
  const endpoints = values.list('discovery-endpoints')
  if (values.text('discovery-fallback') === 'proxy') {
    throw new UsageError('v2 proxy is deprecated, and --discovery-fallback can\'t be configured as "proxy"')
  }
  const ways = [values.text('initial-cluster') !== '', values.text('discovery-srv') !== '', endpoints.length > 0]
  if (ways.filter(Boolean).length > 1) {
    throw new UsageError(
      'multiple discovery or bootstrap flags are set. ' +
        'Choose one of "initial-cluster", "discovery", "discovery-endpoints" or "discovery-srv"',
    )
  }
  if ((values.text('discovery-token') !== '') !== endpoints.length > 0) {
    throw new UsageError('both --discovery-token and --discovery-endpoints must be set')
  }
}

function checkAdvertised(values: Values): void {
  const isMissing = values.isSaid('listen-client-urls') && !values.isSaid('advertise-client-urls')
  if (isMissing) throw new UsageError('--advertise-client-urls is required when --listen-client-urls is set explicitly')
}

function checkTracing(values: Values): void {
  if (!values.boolean('enable-distributed-tracing')) return
  const rate = values.number('distributed-tracing-sampling-rate')
  if (rate < 0) throw tracingError(`tracing sampling rate must be positive, got ${rate}`)
  if (rate > 1_000_000) throw tracingError(`tracing sampling rate must be less than 1000000, got ${rate}`)
}

/** The slip of the pen is etcd's. */
const tracingError = (reason: string): UsageError =>
  new UsageError(`distributed tracing configurition is not valid: (${reason})`)

const versions: Readonly<Record<string, number>> = { 'TLS1.2': 12, 'TLS1.3': 13, '': 0 }

function checkTls(values: Values): void {
  const [least, most] = [values.text('tls-min-version'), values.text('tls-max-version')]
  for (const version of [least, most]) {
    if (!Object.hasOwn(versions, version))
      throw new UsageError(`unexpected TLS version "${version}", must be one of TLS1.2, TLS1.3`)
  }
  const [from = 0, to = 0] = [versions[least], versions[most]]
  if (to !== 0 && from > to) throw new UsageError(`min version (${least}) is greater than max version (${most})`)
  if (least === 'TLS1.3' && values.list('cipher-suites').length > 0) {
    throw new UsageError('cipher suites cannot be configured when only TLS1.3 is enabled')
  }
  for (const [cns, hosts] of [
    ['peer-cert-allowed-cn', 'peer-cert-allowed-hostname'],
    ['client-cert-allowed-cn', 'client-cert-allowed-hostname'],
  ] as const) {
    if (values.list(cns).length > 0 && values.list(hosts).length > 0) {
      throw new UsageError(
        `AllowedCN and AllowedHostname are mutually exclusive (cns=${values.list(cns).join(',')}, hostnames=${values.list(hosts).join(',')})`,
      )
    }
  }
}
