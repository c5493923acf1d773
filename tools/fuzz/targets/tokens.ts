import { createJwtTokens, type JwtTokens, parseTokenOptions } from '@kvs/auth'
import { parseTraceParent } from '../../../packages/server/src/tracing/trace-context.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { textTarget } from './words.ts'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

let keeper: Promise<JwtTokens> | undefined

/** Signed tokens: nobody is anybody without the secret. */
export const jwt: FuzzTarget = textTarget({
  name: 'jwt',
  words: [
    '.',
    part({ alg: 'HS256' }),
    part({ alg: 'none' }),
    part({ username: 'root', revision: 1 }),
    'eyJ',
    '=',
    '..',
  ],
  seeds: [
    `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ username: 'root', revision: 1, exp: 4e9 })}.${'A'.repeat(43)}`,
    `${part({ alg: 'none' })}.${part({ username: 'root' })}.`,
  ],
  kinds: ['AuthError'],
  async read(token) {
    const privateKey = new TextEncoder().encode('a secret of thirty-two bytes....')
    keeper ??= createJwtTokens({ method: 'HS256', privateKey, clock: { wallNow: () => 1e12 } })
    const whose = await (await keeper).find(token)
    mustHold(whose === undefined, `${token} is taken for ${whose?.username}`)
    return 'nobody'
  },
})

export const tokenOptions: FuzzTarget = textTarget({
  name: 'token-options',
  words: [
    'simple',
    'jwt',
    ',pub-key=',
    ',priv-key=',
    ',sign-method=',
    ',ttl=',
    'RS256',
    'HS512',
    'EdDSA',
    '10m',
    '1h',
    '=',
  ],
  seeds: ['simple', '', 'jwt,pub-key=a,priv-key=b,sign-method=RS256,ttl=10m', 'jwt,sign-method=HS256,priv-key=x'],
  kinds: ['AuthError'],
  read: said => JSON.stringify(parseTokenOptions(said)).slice(0, 30),
})

export const traceParent: FuzzTarget = textTarget({
  name: 'traceparent',
  words: [
    '00-',
    '-01',
    '-00',
    'ff-',
    '0af7651916cd43dd8448eb211c80319c',
    'b7ad6b7169203331',
    '0000000000000000',
    '-',
    '\0',
  ],
  seeds: [
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x',
  ],
  kinds: [],
  read(said) {
    const [parent = '', state] = said.split('\0')
    const context = parseTraceParent(parent, state)
    if (context === undefined) return 'none'
    mustHold(context.traceId.length === 16 && context.spanId.length === 8, 'an id of another length')
    mustHold(
      context.traceId.some(byte => byte !== 0),
      'a trace of nothing',
    )
    return `${context.isSampled} ${context.state.length > 0}`
  },
})
