/** Processors that etcd is proven on, by Node's names and by Go's. */
const proven: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', ppc64: 'ppc64le', s390x: 's390x' }

/** Go's name of a processor. */
export function architectureName(arch: string): string {
  return proven[arch] ?? arch
}

/** Why a member is not started on this processor: it must be proven, or asked for by `ETCD_UNSUPPORTED_ARCH`. */
export function unsupportedArchitecture(arch: string, asked: string | undefined): string | undefined {
  if (Object.hasOwn(proven, arch) || asked === architectureName(arch)) return undefined
  return `etcd on unsupported platform without ETCD_UNSUPPORTED_ARCH=${architectureName(arch)} set`
}
