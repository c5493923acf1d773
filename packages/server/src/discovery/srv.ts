import { ServerError } from '../errors.ts'
import type { MemberOptions } from '../options.ts'

/** What DNS is asked. Both reject where there is no answer. */
export interface NameResolver {
  srv(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>
  /** Addresses of a host. */
  addresses(host: string): Promise<readonly string[]>
}

type SrvOptions = Pick<MemberOptions, 'name' | 'initialAdvertisePeerUrls' | 'discoverySrv' | 'discoverySrvName'>

/** Who founds a cluster, and the URLs of the member that asks as the others know it. */
export interface SrvFounders {
  readonly initialCluster: string
  readonly ownUrls: readonly string[]
}

/**
 * Reads the founders from SRV records: `_etcd-server-ssl._tcp.DOMAIN` for https, `_etcd-server._tcp.DOMAIN` for http, with
 * `-NAME` behind `ssl` or `server`. The member that asks is the one at its advertised addresses; the others are numbered,
 * for names of members do not matter to one another. Throws `ServerError` (`CONFIG`).
 */
export async function foundersFromSrv(options: SrvOptions, resolver: NameResolver): Promise<SrvFounders> {
  const { name, discoverySrv: domain, discoverySrvName } = options
  const own = await ownPlaces(options, resolver)
  const suffix = discoverySrvName === '' ? '' : `-${discoverySrvName}`
  const parts: string[] = []
  const ownUrls: string[] = []
  const failures: string[] = []
  let unnamed = 0
  for (const { scheme, service } of [
    { scheme: 'https', service: `etcd-server-ssl${suffix}` },
    { scheme: 'http', service: `etcd-server${suffix}` },
  ]) {
    for (const { host, port } of await lookUp(`_${service}._tcp.${domain}`, resolver, failures)) {
      const places = await placesOf({ host, port }, resolver)
      const known = places.map(place => own.get(place)).find(found => found !== undefined)
      const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
      if (known !== undefined && !known.startsWith(`${scheme}://`)) {
        throw failure(
          `bootstrap at ${host}:${port} from DNS for ${service} has scheme mismatch with expected peer ${known}`,
        )
      }
      if (known !== undefined) ownUrls.push(url)
      parts.push(`${known === undefined ? unnamed++ : name}=${url}`)
    }
  }
  if (parts.length === 0) throw failure(`no SRV records of ${domain} (${failures.join('; ')})`)
  if (ownUrls.length === 0) throw failure(`cannot find local etcd member "${name}" in SRV records`)
  return { initialCluster: parts.join(','), ownUrls }
}

const failure = (reason: string): ServerError =>
  new ServerError('CONFIG', `error setting up initial cluster: ${reason}`)

interface Place {
  readonly host: string
  readonly port: number
}

async function lookUp(record: string, resolver: NameResolver, failures: string[]): Promise<readonly Place[]> {
  try {
    return (await resolver.srv(record)).map(({ name, port }) => ({ host: name.replace(/\.$/, ''), port }))
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
    return []
  }
}

/** The advertised URLs by the addresses they mean. */
async function ownPlaces(options: SrvOptions, resolver: NameResolver): Promise<Map<string, string>> {
  const places = new Map<string, string>()
  for (const text of options.initialAdvertisePeerUrls) {
    const { hostname, port, protocol } = new URL(text)
    const host = hostname.replace(/^\[|\]$/g, '')
    const usual = protocol === 'https:' ? 443 : 80
    for (const place of await placesOf({ host, port: port === '' ? usual : Number(port) }, resolver))
      places.set(place, text)
  }
  return places
}

/** A host that nobody knows is at no address; others may know it. */
async function placesOf({ host, port }: Place, resolver: NameResolver): Promise<readonly string[]> {
  try {
    return (await resolver.addresses(host)).map(address => `${address} ${port}`)
  } catch {
    return []
  }
}
