import { webcrypto } from 'node:crypto'
import type * as asn1js from 'asn1js'
import type * as pkijs from 'pkijs'

export type Pki = typeof pkijs
export type Asn1 = typeof asn1js

export interface LoadedPki {
  readonly pki: Pki
  readonly asn1: Asn1
  /** The cryptography of this process. */
  readonly engine: pkijs.CryptoEngine
}

let loaded: Promise<LoadedPki> | undefined

/** The X.509 library. Loaded when it is first needed: most members never make a certificate or read a revocation list. */
export function loadPki(): Promise<LoadedPki> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<LoadedPki> {
  const [pki, asn1] = await Promise.all([import('pkijs'), import('asn1js')])
  return { pki, asn1, engine: new pki.CryptoEngine({ name: 'node', crypto: webcrypto as never }) }
}
