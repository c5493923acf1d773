/**
 * The contracts of `Pipe` and of `Listen` with `Dial` as named cases, for any test runner and any implementation:
 *
 * ```ts
 * for (const { name, run } of pipeContract(async () => {
 *   const [a, b] = memoryPipePair()
 *   return { a, b }
 * })) test(name, run)
 * ```
 *
 * A case throws `AssertionError` of `node:assert` if it fails; one that waits for what never comes is up to the runner.
 *
 * `testAuthority()` issues certificates, good ones and bad ones, for tests of TLS.
 */

import { contractCase, type PipeCase, type PipeFactory } from './contract.ts'
import { type NetFactory, netCases } from './contract-nets.ts'
import { pipeCases } from './contract-pipes.ts'

export type { PipeCase, PipeFactory, PipesUnderTest } from './contract.ts'
export type { NetFactory, NetUnderTest } from './contract-nets.ts'
export { type TestAuthority, type TestCertificate, testAuthority, writeCertificate } from './test-authority.ts'
export type { CertificateFields, IssuedCertificate, KeyKind } from './tls/x509.ts'

/** All cases of `Pipe`; each takes a fresh pair. */
export function pipeContract(factory: PipeFactory): PipeCase[] {
  return pipeCases.map(([name, check]) => contractCase(factory, name, check))
}

/** All cases of a network. */
export function netContract(factory: NetFactory): PipeCase[] {
  return netCases(factory)
}
