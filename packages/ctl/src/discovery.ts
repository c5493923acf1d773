import { CtlError } from './errors.ts'

/**
 * The endpoints that SRV records of a domain name: encrypted ones under `_etcd-client-ssl._tcp`, others under
 * `_etcd-client._tcp`, both with `-name` behind `client` if a service name is given. Throws `CtlError`.
 */
export async function discoverEndpoints(options: {
  readonly domain: string
  readonly serviceName: string
  readonly insecure: boolean
}): Promise<readonly string[]> {
  const { domain, serviceName, insecure } = options
  const { resolveSrv } = await import('node:dns/promises')
  const suffix = serviceName === '' ? '' : `-${serviceName}`
  const lookUp = async (service: string, scheme: string): Promise<string[]> => {
    try {
      const records = await resolveSrv(`_${service}._tcp.${domain}`)
      return records.map(({ name, port }) => `${scheme}://${name.replace(/\.$/, '')}:${port}`)
    } catch {
      return []
    }
  }
  const found = [
    ...(await lookUp(`etcd-client-ssl${suffix}`, 'https')),
    ...(insecure ? await lookUp(`etcd-client${suffix}`, 'http') : []),
  ]
  if (found.length === 0) throw new CtlError('error', `no endpoints are named by SRV records of ${domain}`)
  return found
}
