import { SeededRandom, VirtualClock } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import {
  type AuthInfo,
  createNoTokens,
  createSimpleTokens,
  type SimpleTokens,
  simpleTokensMax,
  tokenWaitsMax,
} from '../src/index.ts'
import { codeOf } from './world.ts'

interface Member {
  readonly clock: VirtualClock
  readonly tokens: SimpleTokens
  appliedIndex: number
  /** Answers those who wait. */
  apply(index: number, isApplied?: boolean): void
  waits: number
}

function newMember(ttlMs?: number): Member {
  const clock = new VirtualClock()
  let waiting: { index: number; resolve: (isApplied: boolean) => void }[] = []
  const member: Member = {
    clock,
    appliedIndex: 0,
    waits: 0,
    apply(index, isApplied = true) {
      member.appliedIndex = index
      const ready = waiting.filter(wait => wait.index <= index)
      waiting = waiting.filter(wait => wait.index > index)
      for (const { resolve } of ready) resolve(isApplied)
    },
    tokens: createSimpleTokens({
      clock,
      random: new SeededRandom(1),
      ttlMs,
      applied: {
        isApplied: index => index <= member.appliedIndex,
        wait: index => {
          member.waits++
          return new Promise(resolve => waiting.push({ index, resolve }))
        },
      },
    }),
  }
  member.tokens.enable()
  return member
}

function login(member: Member, username: string, index = 7): string {
  const { tokens } = member
  const grant = { username, revision: 3, prefix: tokens.newPrefix(), index }
  member.appliedIndex = index
  tokens.granted(grant)
  return tokens.issue(grant)
}

describe('simple tokens', () => {
  test('are sixteen letters, a dot and the index of the entry', () => {
    const member = newMember()
    const { tokens } = member
    expect(login(member, 'a')).toMatch(/^[a-zA-Z]{16}\.7$/)
    const prefixes = new Set(Array.from({ length: 100 }, () => tokens.newPrefix()))
    expect(prefixes.size).toBe(100)
  })

  test('use all letters about equally', () => {
    const member = newMember()
    const { tokens } = member
    const counts = new Map<string, number>()
    for (let at = 0; at < 1_000; at++) {
      for (const letter of tokens.newPrefix()) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(counts.size).toBe(52)
    expect(Math.min(...counts.values())).toBeGreaterThan(200)
    expect(Math.max(...counts.values())).toBeLessThan(420)
  })

  test('count as of the current revision, whichever that is', () => {
    const member = newMember()
    const { tokens } = member
    const token = login(member, 'a')
    expect(tokens.find(token, { revision: 3 })).toEqual({ username: 'a', revision: 3 })
    const later = tokens.find(token, { revision: 9 })
    expect(later).toEqual({ username: 'a', revision: 9 })
    expect(tokens.find(token, { revision: 9 })).toBe(later)
  })

  test('live five minutes from their last use', () => {
    const member = newMember()
    const { tokens, clock } = member
    const token = login(member, 'a')
    const current = { revision: 3 }
    for (let at = 0; at < 5; at++) {
      clock.advance(299_999)
      expect(tokens.find(token, current)).toBeDefined()
    }
    clock.advance(300_000)
    expect(tokens.find(token, current)).toBeUndefined()
    expect(tokens.status().tokenCount).toBe(0)
  })

  test('live as long as they are told; nothing, or less, is the default', () => {
    const short = newMember(1_000)
    const token = login(short, 'a')
    short.clock.advance(1_000)
    expect(short.tokens.find(token, { revision: 3 })).toBeUndefined()
    const odd = newMember(-5)
    const other = login(odd, 'a')
    odd.clock.advance(299_999)
    expect(odd.tokens.find(other, { revision: 3 })).toBeDefined()
  })

  test('are forgotten in time by who calls expire, and the next time is known', () => {
    const member = newMember()
    const { tokens, clock } = member
    expect(tokens.nextExpiryMs()).toBeUndefined()
    const used = login(member, 'a', 1)
    clock.advance(1_000)
    login(member, 'b', 2)
    clock.advance(100_000)
    expect(tokens.find(used, { revision: 3 })).toBeDefined()
    const rounds: number[] = []
    for (let next = tokens.nextExpiryMs(); next !== undefined; next = tokens.nextExpiryMs()) {
      expect(next).toBeGreaterThan(clock.now())
      clock.advance(next - clock.now())
      tokens.expire()
      rounds.push(tokens.status().tokenCount)
    }
    // The used one came up at its old time and was put off, then the other one went, then it went.
    expect(rounds).toEqual([2, 1, 0])
    expect(clock.now()).toBe(401_000)
  })

  test('go with the password, with the user, and all when auth goes off', () => {
    const member = newMember()
    const { tokens } = member
    const [a, b] = [login(member, 'a', 1), login(member, 'b', 2)]
    const current = { revision: 3 }
    tokens.invalidateUser('a')
    expect(tokens.find(a, current)).toBeUndefined()
    expect(tokens.find(b, current)).toBeDefined()
    tokens.disable()
    expect(tokens.find(b, current)).toBeUndefined()
    const off = login(member, 'c', 3)
    tokens.enable()
    expect(tokens.find(off, current)).toBeUndefined()
  })

  test.each([
    '',
    '.',
    'a',
    'a.',
    '.x',
    'a.b',
    'a.-1',
    'a.1.1',
    'a.1e3',
    'a. 1',
    'a.0x1',
    'a.99999999999999999999',
    '\0.9',
  ])('are not %j', token => {
    const member = newMember()
    member.appliedIndex = 10
    expect(member.tokens.find(token, { revision: 3 })).toBeUndefined()
    expect(member.waits).toBe(0)
  })

  test('from a login this member has not applied are waited for', async () => {
    const member = newMember()
    const current = { revision: 3 }
    const grant = { username: 'a', revision: 3, prefix: 'abcdefghijklmnop', index: 20 }
    const found = member.tokens.find('abcdefghijklmnop.20', current)
    expect(found).toBeInstanceOf(Promise)
    member.tokens.granted(grant)
    current.revision = 4
    member.apply(20)
    expect(await found).toEqual({ username: 'a', revision: 4 })
    const wrong = member.tokens.find('qqqqqqqqqqqqqqqq.21', current)
    member.apply(21)
    expect(await wrong).toBeUndefined()
    const givenUp = member.tokens.find('qqqqqqqqqqqqqqqq.22', current)
    member.apply(22, false)
    expect(await givenUp).toBeUndefined()
  })

  test('are waited for by so many at most', async () => {
    const member = newMember()
    const current = { revision: 3 }
    const find = () => member.tokens.find('abcdefghijklmnop.20', current) as Promise<AuthInfo | undefined>
    const waiting = Array.from({ length: tokenWaitsMax }, find)
    await expect(find()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(member.waits).toBe(tokenWaitsMax)
    member.apply(20)
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined))
    const later = member.tokens.find('abcdefghijklmnop.30', current)
    member.apply(30)
    expect(await later).toBeUndefined()
  })

  test('are so many at most: the one not used for longest gives way', () => {
    const member = newMember()
    const { tokens, clock } = member
    const first = login(member, 'a', 1)
    for (let index = 2; index <= simpleTokensMax; index++) login(member, 'a', index)
    clock.advance(1)
    const last = login(member, 'a', simpleTokensMax + 1)
    expect(tokens.status()).toEqual({ kind: 'simple', tokenCount: simpleTokensMax })
    expect(tokens.find(first, { revision: 3 })).toBeUndefined()
    expect(tokens.find(last, { revision: 3 })).toBeDefined()
  })

  test('that nobody asks for go when others come', () => {
    const member = newMember()
    const { tokens, clock } = member
    for (let index = 1; index <= 1_000; index++) login(member, 'a', index)
    clock.advance(300_000)
    for (let index = 1_001; index <= 1_020; index++) login(member, 'a', index)
    expect(tokens.status().tokenCount).toBe(20)
  })
})

test('without tokens nobody logs in, and no token is known', () => {
  const tokens = createNoTokens()
  tokens.enable()
  const grant = { username: 'a', revision: 3, prefix: tokens.newPrefix(), index: 7 }
  tokens.granted(grant)
  expect(codeOf(() => void tokens.issue(grant))).toBe('AUTH_FAILED')
  expect(tokens.find('a.7', { revision: 3 })).toBeUndefined()
  tokens.invalidateUser('a')
  tokens.disable()
  expect(tokens.status()).toEqual({ kind: 'none', tokenCount: 0 })
})
