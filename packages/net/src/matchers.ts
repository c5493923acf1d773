import { MAX_METHOD_BYTES } from './limits.ts'
import type { SniffEntry, SniffVerdict } from './sniff.ts'

/** The client connection preface of HTTP/2 with prior knowledge (RFC 9113, 3.4). */
const PREFACE: Uint8Array = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** HTTP/2 without TLS: the whole preface. */
export const http2Preface: SniffEntry = { name: 'http2', match: matchPreface }

/**
 * HTTP/1.x: a method token and a blank (RFC 9112, 3). Empty lines before it are allowed. `PRI` is a token too: put
 * `http2Preface` above.
 */
export const http1Request: SniffEntry = { name: 'http1', match: matchRequest }

/** TLS: the record header and handshake type of a ClientHello (RFC 8446, 4 and 5.1). */
export const tlsClientHello: SniffEntry = { name: 'tls', match: matchClientHello }

function matchPreface(prefix: Uint8Array): SniffVerdict {
  const length = Math.min(prefix.length, PREFACE.length)
  for (let i = 0; i < length; i++) if (prefix[i] !== PREFACE[i]) return 'no'
  return prefix.length >= PREFACE.length ? 'yes' : 'more'
}

const CR = 0x0d
const LF = 0x0a
const BLANK = 0x20

function matchRequest(prefix: Uint8Array): SniffVerdict {
  let start = 0
  while (prefix[start] === CR || prefix[start] === LF) start++
  for (let i = start; i < prefix.length; i++) {
    const byte = prefix[i] as number
    if (byte === BLANK) return i > start ? 'yes' : 'no'
    if (!isTokenByte(byte) || i - start >= MAX_METHOD_BYTES) return 'no'
  }
  return 'more'
}

/** `tchar` of RFC 9110, 5.6.2. */
function isTokenByte(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return isDigit || isLetter || "!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))
}

function matchClientHello(prefix: Uint8Array): SniffVerdict {
  // Content type handshake, version 3.x, two bytes of length, handshake type client_hello.
  const expected = [0x16, 0x03, undefined, undefined, undefined, 0x01]
  const length = Math.min(prefix.length, expected.length)
  for (let i = 0; i < length; i++) {
    if (expected[i] !== undefined && prefix[i] !== expected[i]) return 'no'
    if (i === 2 && (prefix[i] as number) > 4) return 'no'
  }
  return prefix.length >= expected.length ? 'yes' : 'more'
}
