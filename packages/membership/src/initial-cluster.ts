import { MembershipError } from './errors.ts'

/**
 * Reads `--initial-cluster`: `name=url,name=url2,other=url…`, a name repeated for each of its URLs. Names keep their
 * order, URLs theirs. Throws `MembershipError` (`INITIAL_CLUSTER`).
 */
export function parseInitialCluster(value: string): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>()
  const seen = new Map<string, string>()
  for (const part of value.split(',').map(piece => piece.trim())) {
    if (part === '') continue
    const mark = part.indexOf('=')
    const name = part.slice(0, mark)
    const url = part.slice(mark + 1)
    if (mark <= 0 || url === '') throw refused(`'${part}' is not of the form name=url`)
    const other = seen.get(url)
    if (other !== undefined) throw refused(`URL ${url} is given to ${other} and to ${name}`)
    seen.set(url, name)
    const urls = members.get(name)
    if (urls === undefined) members.set(name, [url])
    else urls.push(url)
  }
  if (members.size === 0) throw refused('it names no member')
  return members
}

const refused = (why: string): MembershipError =>
  new MembershipError('INITIAL_CLUSTER', `error setting up initial cluster: ${why}`)
