import { decodeCompactionRequest, KV } from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import { startAutoCompaction } from '../src/auto-compaction.ts'
import type { Member } from '../src/edge/member.ts'
import { Refusal, type RefusalCode } from '../src/errors.ts'
import { OperationField } from '../src/requests/entry.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { World } from './member.ts'
import { bytesOf } from './messages.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** A member whose revision is the minute; compactions are noted as `minute:revision` and end as told. */
function world(mode: 'periodic' | 'revision', retention: number) {
  const clock = new VirtualClock()
  const log: LogLine[] = []
  const compactions: string[] = []
  const consensus = { isLeader: true }
  const answers: { code: RefusalCode | undefined } = { code: undefined }
  const member = {
    clock,
    logger: keepingLogger(log),
    consensus,
    options: { autoCompactionMode: mode, autoCompactionRetention: retention },
    state: {
      store: {
        get revision(): number {
          return minute()
        },
      },
    },
    propose: (...[field, body, start, end, proposer]: Parameters<Member['propose']>) => {
      expect(field).toBe(OperationField.compaction)
      compactions.push(`${minute()}:${decodeCompactionRequest(body, start, end).revision}`)
      if (answers.code === undefined) proposer.applied(undefined)
      else proposer.refused(Refusal.of(answers.code))
    },
  } as unknown as Member
  const minute = (): number => Math.round(clock.now() / minuteMs)
  const compaction = startAutoCompaction(member)
  const pass = (minutes: number): void => {
    for (let i = 0; i < minutes * 10; i++) clock.advance(minuteMs / 10)
  }
  return { clock, log, compactions, consensus, answers, compaction, pass }
}

describe('periodic', () => {
  test('below an hour: first after a whole period, then once per period, to the revision of a period before', () => {
    const { compactions, pass } = world('periodic', 10 * minuteMs)
    pass(9)
    expect(compactions).toEqual([])
    pass(31)
    expect(compactions).toEqual(['10:0', '20:9', '30:19', '40:29'])
  })

  test('above an hour: first after a whole period, then every hour', () => {
    const { compactions, pass } = world('periodic', 24 * hourMs)
    pass(24 * 60 - 6)
    expect(compactions).toEqual([])
    pass(6 + 120)
    expect(compactions).toEqual(['1440:0', '1500:54', '1560:114'])
  })

  test('only while this member leads', () => {
    const { compactions, consensus, pass } = world('periodic', 10 * minuteMs)
    consensus.isLeader = false
    pass(25)
    expect(compactions).toEqual([])
    consensus.isLeader = true
    pass(1)
    expect(compactions).toEqual(['26:15'])
  })

  test('what failed is tried again with the next sample, and both are said', () => {
    const { log, compactions, answers, pass } = world('periodic', 10 * minuteMs)
    answers.code = 'TIMEOUT'
    pass(12)
    expect(compactions).toEqual(['10:0', '11:0', '12:1'])
    answers.code = undefined
    pass(10)
    expect(compactions.slice(3)).toEqual(['13:2'])
    expect(log.slice(0, 2)).toEqual([
      {
        level: 'info',
        message: 'starting auto periodic compaction',
        fields: { revision: 0, 'compact-period': '10m0s' },
      },
      {
        level: 'warn',
        message: 'failed auto periodic compaction',
        fields: {
          revision: 0,
          'compact-period': '10m0s',
          'retry-interval': '1m0s',
          error: 'etcdserver: request timed out',
        },
      },
    ])
    expect(log.at(-1)).toEqual({
      level: 'info',
      message: 'completed auto periodic compaction',
      fields: { revision: 2, 'compact-period': '10m0s', took: '0s' },
    })
  })

  test('what is compacted already is done', () => {
    const { compactions, answers, pass } = world('periodic', 10 * minuteMs)
    answers.code = 'COMPACTED'
    pass(20)
    expect(compactions).toEqual(['10:0', '20:9'])
  })
})

describe('by revisions', () => {
  test('every five minutes, to so many revisions before the newest', () => {
    const { compactions, pass } = world('revision', 7)
    pass(20)
    expect(compactions).toEqual(['10:3', '15:8', '20:13'])
  })

  test('not twice to the same revision, not while others lead; failures are tried again', () => {
    const { log, compactions, consensus, answers, pass } = world('revision', 2)
    consensus.isLeader = false
    pass(5)
    consensus.isLeader = true
    answers.code = 'TIMEOUT'
    pass(5)
    answers.code = undefined
    pass(5)
    expect(compactions).toEqual(['10:8', '15:13'])
    expect(log.map(({ message }) => message)).toEqual([
      'starting auto revision compaction',
      'failed auto revision compaction',
      'starting auto revision compaction',
      'completed auto revision compaction',
    ])
    expect(log[1]?.fields).toEqual({
      revision: 8,
      'revision-compaction-retention': 2,
      'retry-interval': '5m0s',
      error: 'etcdserver: request timed out',
    })
  })
})

test('nothing is compacted by default, and nothing is left when it is closed', () => {
  const off = world('periodic', 0)
  expect([off.compaction, off.clock.nextAt()]).toEqual([undefined, undefined])
  const { clock, compaction } = world('revision', 1)
  compaction?.close()
  expect(clock.nextAt()).toBeUndefined()
})

test('a member compacts, scrubs, and says so', async () => {
  const world = new World()
  const member = await world.start({ autoCompactionMode: 'revision', autoCompactionRetention: 2 })
  for (let i = 0; i < 5; i++) await member.call(KV.put, { key: bytesOf('k'), value: bytesOf(`v${i}`) })
  await world.advance(5 * minuteMs)
  expect(await member.refusal(KV.range, { key: bytesOf('k'), revision: 3 })).toContain('has been compacted')
  expect((await member.call(KV.range, { key: bytesOf('k'), revision: 4 })).kvs).toHaveLength(1)
  const said = world.log.filter(({ message }) => message.includes('compaction'))
  expect(said.map(({ message }) => message)).toEqual([
    'starting auto revision compaction',
    'completed auto revision compaction',
    'finished scheduled compaction',
  ])
  expect(said.at(-1)?.fields).toMatchObject({ 'compact-revision': 4, took: '0s', hash: expect.any(Number) })
  await member.member.stop()
  world.close()
})
