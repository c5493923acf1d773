import { SeededRandom } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import {
  type AuthErrorCode,
  type AuthStore,
  type BcryptCompareInput,
  createPasswords,
  type PasswordExecutor,
  type Passwords,
  passwordJobsMax,
} from '../src/index.ts'
import { passwordJobs } from '../src/jobs.ts'
import { addUser, bytes, codeOf, enableAuth, inlineExecutor, newWorld } from './world.ts'

const random = new SeededRandom(7)
const passwordsWith = (executor: PasswordExecutor, cost = 4): Passwords => createPasswords({ executor, random, cost })
const passwords = passwordsWith(inlineExecutor)

async function rejection(promise: Promise<unknown>): Promise<AuthErrorCode | undefined> {
  return promise.then(
    () => undefined,
    error => error.code,
  )
}

async function storeWith(users: Readonly<Record<string, string>>): Promise<AuthStore> {
  const { store } = newWorld()
  for (const [name, password] of Object.entries(users)) {
    store.userAdd({ name, hashedPassword: await passwords.hash(password), noPassword: false })
  }
  enableAuth(store)
  return store
}

describe('hashes', () => {
  // Made by libxcrypt, in all the versions that etcd reads.
  test.each([
    ['', '$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.'],
    ['a', '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
    ['abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['~!@#$%^&*()      ~!@#$%^&*()PNBFRD', '$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO'],
    ['ünïcödé', '$2y$05$abcdefghijklmnopqrstuupFNNxf/SECay9kI526tIM6jEh2Dprwe'],
    ['x'.repeat(71), '$2b$04$abcdefghijklmnopqrstuu.gc7UY/21CSNJGJg21jJzx9QiOpJ9bO'],
  ])('of others fit: %j', async (password, hash) => {
    expect(passwordJobs.get('bcrypt-compare')?.({ password, hash })).toBe(true)
    expect(passwordJobs.get('bcrypt-compare')?.({ password: `${password}x`, hash })).toBe(false)
  })

  test('are base64 of what etcd stores, and fit the password and no other', async () => {
    const hashed = await passwords.hash('ünïcödé')
    expect(atob(hashed)).toMatch(/^\$2a\$04\$[./A-Za-z0-9]{53}$/)
    const compare = (password: string) => passwordJobs.get('bcrypt-compare')?.({ password, hash: atob(hashed) })
    expect(compare('ünïcödé')).toBe(true)
    expect(compare('unicode')).toBe(false)
  })

  test('of one password are never the same', async () => {
    expect(await passwords.hash('a')).not.toBe(await passwords.hash('a'))
  })

  test('take the cost they are told, from 4 to 31', async () => {
    expect(atob(await passwordsWith(inlineExecutor, 5).hash('a'))).toMatch(/^\$2a\$05\$/)
    for (const cost of [3, 32, 4.5, Number.NaN, -1]) {
      expect(codeOf(() => passwordsWith(inlineExecutor, cost))).toBe('BAD_BCRYPT_COST')
    }
    const inputs: unknown[] = []
    const seen = createPasswords({ executor: { run: async (_, input) => String(inputs.push(input)) }, random })
    await seen.hash('a')
    expect(inputs).toMatchObject([{ password: 'a', cost: 10, salt: expect.any(Uint8Array) }])
  })

  test('are made of up to 72 bytes; more are refused, never cut', async () => {
    expect(await rejection(passwords.hash('x'.repeat(72)))).toBeUndefined()
    expect(await rejection(passwords.hash('x'.repeat(73)))).toBe('PASSWORD_TOO_LONG')
    expect(await rejection(passwords.hash('ü'.repeat(37)))).toBe('PASSWORD_TOO_LONG')
    expect(await rejection(passwords.hash('😀'.repeat(19)))).toBe('PASSWORD_TOO_LONG')
    const idle = passwordsWith({ run: () => Promise.reject(new Error('a thread was asked')) })
    expect(await rejection(idle.hash('x'.repeat(73)))).toBe('PASSWORD_TOO_LONG')
    const job = passwordJobs.get('bcrypt-hash')!
    expect(codeOf(() => job({ password: 'x'.repeat(73), cost: 4, salt: new Uint8Array(16) }))).toBe('PASSWORD_TOO_LONG')
  })

  test('may be of short passwords, unless a least length is set', async () => {
    expect(await rejection(passwords.hash(''))).toBeUndefined()
    const strict = createPasswords({ executor: inlineExecutor, random, cost: 4, bytesMin: 8 })
    expect(await rejection(strict.hash('1234567'))).toBe('PASSWORD_TOO_SHORT')
    expect(await rejection(strict.hash('12345678'))).toBeUndefined()
  })

  test('count every byte: behind a NUL too', async () => {
    const store = await storeWith({ alice: 'a\0b' })
    expect(await rejection(passwords.verify(store, { name: 'alice', password: 'a\0c' }))).toBe('AUTH_FAILED')
    expect(await rejection(passwords.verify(store, { name: 'alice', password: 'a' }))).toBe('AUTH_FAILED')
    expect(await rejection(passwords.verify(store, { name: 'alice', password: 'a\0b' }))).toBeUndefined()
  })
})

describe('logins', () => {
  test('are for the right password, and tell the revision it was right at', async () => {
    const store = await storeWith({ alice: 'wonder' })
    expect(await passwords.verify(store, { name: 'alice', password: 'wonder' })).toBe(store.revision)
    expect(await rejection(passwords.verify(store, { name: 'alice', password: 'Wonder' }))).toBe('AUTH_FAILED')
    expect(await rejection(passwords.verify(store, { name: 'alice', password: '' }))).toBe('AUTH_FAILED')
    store.disable()
    expect(await rejection(passwords.verify(store, { name: 'alice', password: 'wonder' }))).toBe('AUTH_NOT_ENABLED')
  })

  test('that race with a change are seen by the revision', async () => {
    const store = await storeWith({ alice: 'wonder' })
    const verified = passwords.verify(store, { name: 'alice', password: 'wonder' })
    store.userChangePassword({ name: 'alice', hashedPassword: await passwords.hash('other') })
    expect(await verified).toBe(store.revision - 1)
  })

  test('never are for users without password, whose hash is not even looked at', async () => {
    const { store } = newWorld()
    addUser(store, 'cert')
    enableAuth(store)
    let runs = 0
    const counting = passwordsWith({ run: async () => ++runs })
    expect(await rejection(counting.verify(store, { name: 'cert', password: '' }))).toBe('NO_PASSWORD_USER')
    expect(runs).toBe(0)
  })

  test('cost the same for users that do not exist or have no hash, and for passwords too long', async () => {
    const store = await storeWith({ alice: 'wonder' })
    store.userAdd({ name: 'unset', hashedPassword: '', noPassword: false })
    store.userAdd({ name: 'broken', hashedPassword: btoa('$2a$99$'), noPassword: false })
    const inputs: BcryptCompareInput[] = []
    const yes = passwordsWith({
      run: async (_, input) => {
        inputs.push(input as BcryptCompareInput)
        return true
      },
    })
    const long = 'wonder'.padEnd(73, 'x')
    for (const name of ['nobody', 'unset', 'broken']) {
      expect([name, await rejection(yes.verify(store, { name, password: 'wonder' }))]).toEqual([name, 'AUTH_FAILED'])
    }
    expect(await rejection(yes.verify(store, { name: 'alice', password: long }))).toBe('AUTH_FAILED')
    expect(inputs).toHaveLength(4)
    for (const { hash } of inputs) expect(hash).toMatch(/^\$2a\$04\$[./A-Za-z0-9]{53}$/)
    // bcrypt does the whole work on what nobody has a password for: the middle of many tries tells no difference.
    const real = inputs[0]!.hash
    const stored = String.fromCharCode(...store.user('alice')!.passwordHash)
    const middleMs = (hash: string): number => {
      const times = Array.from({ length: 41 }, () => {
        const begin = performance.now()
        expect(passwordJobs.get('bcrypt-compare')?.({ password: 'wrong', hash })).toBe(false)
        return performance.now() - begin
      })
      return times.sort((a, b) => a - b)[20]!
    }
    const ratio = middleMs(real) / middleMs(stored)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  })

  test('an executor that says nothing of use lets nobody in', async () => {
    const store = await storeWith({ alice: 'wonder' })
    for (const answer of [undefined, 'true', 1, {}, false]) {
      const odd = passwordsWith({ run: async () => answer })
      expect(await rejection(odd.verify(store, { name: 'alice', password: 'wonder' }))).toBe('AUTH_FAILED')
    }
    expect(await rejection(passwordsWith({ run: async () => undefined }).hash('a'))).toBe('BAD_JOB')
    const broken = passwordsWith({ run: async () => Promise.reject(new Error('the thread has ended')) })
    await expect(broken.verify(store, { name: 'alice', password: 'wonder' })).rejects.toThrow('the thread has ended')
    expect(broken.jobCount).toBe(0)
  })
})

test('the queue is bounded; what does not fit is refused at once and leaves no trace', async () => {
  const store = await storeWith({ alice: 'wonder' })
  const waiting: (() => void)[] = []
  const slow = passwordsWith({ run: () => new Promise(resolve => waiting.push(() => resolve(true))) })
  const login = () => slow.verify(store, { name: 'alice', password: 'wonder' })
  const logins = Array.from({ length: passwordJobsMax }, login)
  expect(slow.jobCount).toBe(64)
  expect(await rejection(login())).toBe('TOO_MANY_REQUESTS')
  expect(await rejection(slow.hash('a'))).toBe('TOO_MANY_REQUESTS')
  expect(waiting).toHaveLength(64)
  for (const answer of waiting) answer()
  expect(new Set(await Promise.all(logins))).toEqual(new Set([store.revision]))
  expect(slow.jobCount).toBe(0)
})

describe('jobs', () => {
  const hash = passwordJobs.get('bcrypt-hash')!
  const compare = passwordJobs.get('bcrypt-compare')!

  test('are two', () => {
    expect([...passwordJobs.keys()]).toEqual(['bcrypt-hash', 'bcrypt-compare'])
  })

  test.each([
    undefined,
    null,
    7,
    'password',
    [],
    {},
    { password: 'a' },
    { password: 1, hash: 'x', cost: 4, salt: new Uint8Array(16) },
    { password: 'a', hash: 1, cost: 3, salt: new Uint8Array(16) },
    { password: 'a', hash: undefined, cost: 32, salt: new Uint8Array(16) },
    { password: 'a', hash: null, cost: 4, salt: new Uint8Array(15) },
    { password: 'a', hash: {}, cost: '4', salt: new Uint8Array(16) },
    { password: 'a', hash: [], cost: 4, salt: 'salt' },
  ])('refuse %j', input => {
    expect(codeOf(() => void hash(input))).toBe('BAD_JOB')
    expect(codeOf(() => void compare(input))).toBe('BAD_JOB')
  })

  test.each(['', '$2a$', 'x'.repeat(60), `$2a$04$${'.'.repeat(52)}`, `$1$04$${'.'.repeat(54)}`])(
    'find that nothing fits %j',
    text => {
      expect(compare({ password: 'a', hash: text })).toBe(false)
    },
  )

  test('make hashes that follow from password, cost and salt alone', () => {
    const input = { password: 'a', cost: 4, salt: bytes('0123456789abcdef') }
    expect(hash(input)).toBe(hash(structuredClone(input)))
  })
})
