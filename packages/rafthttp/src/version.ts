/** A version as far as peers compare it: `3.7` of `3.7.1-alpha.0`. */
export interface PeerVersion {
  readonly major: number
  readonly minor: number
  readonly text: string
}

/** Servers before 2.1 did not say their version. */
const silentVersion = '2.0.0'

/** Reads a version header; a missing one counts as 2.0.0, undefined is one that cannot be read. */
export function parsePeerVersion(text: string | undefined): PeerVersion | undefined {
  const given = text === undefined || text === '' ? silentVersion : text
  const match = /^(\d{1,9})\.(\d{1,9})\.\d{1,9}(?:[-+][0-9A-Za-z.+-]*)?$/.exec(given)
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]), text: given }
}

/** Negative, zero or positive; patch versions do not count. */
function comparePeerVersions(a: PeerVersion, b: PeerVersion): number {
  return a.major - b.major || a.minor - b.minor
}

/** The two versions each side tells: its own, and the lowest of a cluster it can be part of. */
export interface VersionPair {
  readonly server: string
  readonly minCluster: string
}

/** Why a remote server cannot talk to a local one, in etcd's words; undefined if it can. */
export function incompatibilityOf(
  local: VersionPair,
  remote: VersionPair & { readonly name: string },
): string | undefined {
  const [server, minCluster] = [parsePeerVersion(remote.server), parsePeerVersion(remote.minCluster)]
  const [localServer, localMin] = [parsePeerVersion(local.server), parsePeerVersion(local.minCluster)]
  const shown = `remote[${remote.name}]=${remote.server}, local=${local.server}`
  if (server === undefined || minCluster === undefined) return `remote version cannot be read: ${shown}`
  if (localServer === undefined || localMin === undefined) return `local version cannot be read: ${shown}`
  if (comparePeerVersions(server, localMin) < 0) return `remote version is too low: ${shown}`
  if (comparePeerVersions(minCluster, localServer) > 0) return `local version is too low: ${shown}`
  return undefined
}

/** The first version whose streams are known. */
const firstStreamVersion: PeerVersion = { major: 2, minor: 1, text: '2.1.0' }

/** Whether a server of this version has streams that a local one can read. */
export function hasStreams(remote: string | undefined, local: string): boolean {
  const [server, own] = [parsePeerVersion(remote), parsePeerVersion(local)]
  if (server === undefined || own === undefined) return false
  return comparePeerVersions(server, own) >= 0 || comparePeerVersions(server, firstStreamVersion) >= 0
}
