import { readFileSync } from 'node:fs'
import { VirtualClock } from '@kvs/testing'
import { beforeEach, expect, test } from 'vitest'
import { Failpoints } from '../src/failpoints/failpoints.ts'
import { failpointNames, failpointPlaces } from '../src/failpoints/names.ts'

let clock: VirtualClock
let blocked: number[]
let said: string[]
let chances: number[]
let failpoints: Failpoints

beforeEach(() => {
  clock = new VirtualClock()
  blocked = []
  said = []
  chances = []
  failpoints = new Failpoints({
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    block: durationMs => blocked.push(durationMs),
    random: () => chances.shift() ?? 0,
    crash: line => {
      throw new Error(`crashed: ${line}`)
    },
    print: line => said.push(line),
  })
})

test('one that is off holds nobody up', () => {
  expect(failpoints.wait('raftBeforeSave')).toBeUndefined()
  expect(failpoints.isSet('raftBeforeSave')).toBe(false)
  failpoints.set('raftBeforeSave', 'off')
  expect(failpoints.isSet('raftBeforeSave')).toBe(true)
  expect(failpoints.wait('raftBeforeSave')).toBeUndefined()
  expect(failpoints.status('raftBeforeSave')).toEqual({ terms: 'off', count: 1 })
})

test('sleeps where it can wait, and blocks where it cannot', async () => {
  failpoints.set('raftBeforeSave', 'sleep(30)')
  let isOver = false
  void failpoints.wait('raftBeforeSave')?.then(() => {
    isOver = true
  })
  clock.advance(29)
  await Promise.resolve()
  expect(isOver).toBe(false)
  clock.advance(1)
  await Promise.resolve()
  expect(isOver).toBe(true)
  failpoints.set('beforeWritebackBuf', 'sleep("2s")')
  failpoints.block('beforeWritebackBuf')
  expect(blocked).toEqual([2000])
})

test('the first term that may acts; what is used up is passed over', async () => {
  failpoints.set('defragdbFail', '2*return("a")->1*return("b")')
  const seen: (string | undefined)[] = []
  for (let i = 0; i < 4; i++) seen.push(await failpoints.wait('defragdbFail'))
  expect(seen).toEqual(['a', 'a', 'b', undefined])
  expect(failpoints.status('defragdbFail').count).toBe(3)
})

test('chances are asked from left to right, and those that fail take no turn away', async () => {
  failpoints.set('defragdbFail', '50%1*return("x")')
  chances = [0.5, 0.4999, 0]
  const seen: (string | undefined)[] = []
  for (let i = 0; i < 3; i++) seen.push(await failpoints.wait('defragdbFail'))
  expect(seen).toEqual([undefined, 'x', undefined])
})

test('fails an operation only where one can fail, and only with a text', async () => {
  failpoints.set('raftBeforeSave', 'return("text")')
  expect(failpoints.wait('raftBeforeSave')).toBeUndefined()
  failpoints.set('defragOpenFileError', 'return(1)')
  expect(failpoints.wait('defragOpenFileError')).toBeUndefined()
  expect(said).toEqual(['failpoint: "defragOpenFileError" got value 1 of type "int" but expected type "string"'])
  failpoints.set('defragOpenFileError', 'return("no space")')
  expect(await failpoints.wait('defragOpenFileError')).toBe('no space')
})

test('prints its name, and names itself when it ends the process', () => {
  failpoints.set('raftAfterSave', '1*print->panic("enough")')
  expect(failpoints.wait('raftAfterSave')).toBeUndefined()
  expect(said).toEqual(['failpoint print: raftAfterSave'])
  expect(() => failpoints.wait('raftAfterSave')).toThrow('crashed: panic: failpoint panic: raftAfterSave: enough')
  failpoints.set('beforeStartDBTxn', 'panic')
  expect(() => failpoints.block('beforeStartDBTxn')).toThrow('crashed: panic: failpoint panic: beforeStartDBTxn')
})

test('lists all, sorted, and says what each is set to', () => {
  failpoints.set('go.etcd.io/etcd/server/v3/storage/backend/beforeCommit', 'sleep(1)')
  const listed = failpoints.list()
  expect(listed.map(({ name }) => name)).toEqual(failpointNames.toSorted())
  expect(listed.filter(({ terms }) => terms !== '')).toEqual([{ name: 'beforeCommit', terms: 'sleep(1)' }])
})

test('unknown ones, and those that are off, are said so; what cannot be read changes nothing', () => {
  for (const act of [() => failpoints.set('nowhere', 'off'), () => failpoints.status('constructor')]) {
    expect(act).toThrow(expect.objectContaining({ code: 'UNKNOWN', message: 'failpoint: failpoint does not exist' }))
  }
  for (const act of [() => failpoints.remove('beforeCommit'), () => failpoints.status('beforeCommit')]) {
    expect(act).toThrow(expect.objectContaining({ code: 'OFF', message: 'failpoint: failpoint is disabled' }))
  }
  failpoints.set('beforeCommit', 'print')
  expect(() => failpoints.set('beforeCommit', 'nonsense')).toThrow(expect.objectContaining({ code: 'BAD_TERMS' }))
  expect(failpoints.status('beforeCommit').terms).toBe('print')
  failpoints.remove('beforeCommit')
  expect(failpoints.isSet('beforeCommit')).toBe(false)
})

test('docs/failpoints.md has a row for each, and no other', () => {
  const page = readFileSync(new URL('../../../docs/failpoints.md', import.meta.url), 'utf8')
  const rows = page
    .split('\n')
    .map(line => line.replaceAll(/ +/g, ' '))
    .filter(line => / \| (waits|blocks) \|$/.test(line))
  const wanted = failpointNames.map(name => {
    const { moment, sleep, fails } = failpointPlaces[name]
    return `| \`${name}\` | ${moment}${fails === true ? '; `return("text")` fails it with that text' : ''} | ${sleep} |`
  })
  expect(rows).toEqual(wanted)
})
