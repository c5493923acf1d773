import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

/** IPv4 address of this machine on the way to everywhere else: that of the interface of the default route. */
export function defaultHost(): string | undefined {
  let table: string
  try {
    table = readFileSync('/proc/net/route', 'utf8')
  } catch {
    return undefined
  }
  const name = defaultInterface(table)
  if (name === undefined) return undefined
  return networkInterfaces()[name]?.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

/** Name of the interface whose route has neither destination nor mask, with the smallest metric. */
export function defaultInterface(table: string): string | undefined {
  const rows = table
    .split('\n')
    .slice(1)
    .map(line => line.split('\t').map(cell => cell.trim()))
  const routes = rows.filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
  routes.sort((a, b) => Number(a[6]) - Number(b[6]))
  return routes[0]?.[0]
}
