import { expect, test } from 'vitest'
import {
  checkAddition,
  checkLearnerReady,
  checkPromotion,
  checkRemoval,
  isLearnerReady,
  type Member,
  MemberSet,
  quorumOf,
} from '../src/index.ts'

/**
 * A cluster as letters, one per member, ids from 1: `S` started and healthy, `s` started and connected for less than
 * five seconds, `d` started and disconnected, `u` not started and disconnected, `U` not started and healthy, `L`
 * learner. Member 1 is the one that is asked.
 */
function cluster(letters: string) {
  const members = [...letters].map(
    (letter, at): Member => ({
      id: BigInt(at + 1),
      name: letter === 'u' || letter === 'U' ? '' : `n${at + 1}`,
      peerUrls: [`http://h${at + 1}:1`],
      clientUrls: [],
      isLearner: letter === 'L',
    }),
  )
  const letterOf = (id: bigint): string => letters[Number(id) - 1] ?? ' '
  const connections = {
    selfId: 1n,
    isHealthy: (id: bigint) => 'SUL'.includes(letterOf(id)),
    isConnected: (id: bigint) => 'SUsL'.includes(letterOf(id)),
  }
  return { set: new MemberSet({ members }), connections }
}

function codeOf(call: () => void): string {
  try {
    call()
    return 'ok'
  } catch (error) {
    return (error as { code: string }).code
  }
}

const add = (letters: string, isLearner = false): string => {
  const { set, connections } = cluster(letters)
  return codeOf(() => checkAddition(set, { isLearner }, connections))
}
const remove = (letters: string, id: number): string => {
  const { set, connections } = cluster(letters)
  return codeOf(() => checkRemoval(set, BigInt(id), connections))
}
const promote = (letters: string, id: number): string => codeOf(() => checkPromotion(cluster(letters).set, BigInt(id)))

test('majorities', () => {
  expect([0, 1, 2, 3, 4, 5].map(quorumOf)).toEqual([1, 1, 2, 2, 3, 3])
})

test('adding', () => {
  expect(add('S')).toBe('ok')
  expect(add('u')).toBe('NOT_ENOUGH_STARTED')
  expect(add('u', true)).toBe('ok')
  expect(add('SS')).toBe('ok')
  expect(add('Su')).toBe('NOT_ENOUGH_STARTED')
  expect(add('Su', true)).toBe('UNHEALTHY')
  expect(add('SU', true)).toBe('ok')
  expect(add('Sd')).toBe('UNHEALTHY')
  expect(add('Sd', true)).toBe('UNHEALTHY')
  expect(add('Ss')).toBe('UNHEALTHY')
  expect(add('SSS')).toBe('ok')
  expect(add('SSd')).toBe('UNHEALTHY')
  expect(add('SSSd')).toBe('ok')
  expect(add('SSLLL')).toBe('ok')
})

test('removing', () => {
  expect(remove('S', 1)).toBe('NOT_ENOUGH_STARTED')
  expect(remove('SS', 2)).toBe('ok')
  expect(remove('Sd', 2)).toBe('ok')
  // The second is connected, but not for long: two are too few to trust that one goes on.
  expect(remove('Ss', 2)).toBe('UNHEALTHY')
  expect(remove('Su', 1)).toBe('NOT_ENOUGH_STARTED')
  expect(remove('SSS', 1)).toBe('ok')
  expect(remove('SSd', 2)).toBe('UNHEALTHY')
  expect(remove('SSd', 3)).toBe('ok')
  expect(remove('Suu', 2)).toBe('NOT_ENOUGH_STARTED')
  expect(remove('SdL', 3)).toBe('ok')
  // Unknown ids are treated like voters that are not connected.
  expect(remove('SSS', 9)).toBe('ok')
  expect(remove('Suu', 9)).toBe('NOT_ENOUGH_STARTED')
})

test('promoting', () => {
  expect(promote('SL', 2)).toBe('ok')
  expect(promote('SSL', 3)).toBe('ok')
  expect(promote('SuL', 3)).toBe('ok')
  expect(promote('SuuL', 4)).toBe('NOT_ENOUGH_STARTED')
  expect(promote('SL', 1)).toBe('NOT_LEARNER')
  expect(promote('SL', 9)).toBe('ID_NOT_FOUND')
  expect(isLearnerReady({ learnerIndex: 90, leaderIndex: 100 })).toBe(true)
  expect(isLearnerReady({ learnerIndex: 89, leaderIndex: 100 })).toBe(false)
  expect(codeOf(() => checkLearnerReady(2n, { learnerIndex: 89, leaderIndex: 100 }))).toBe('LEARNER_NOT_READY')
  expect(codeOf(() => checkLearnerReady(2n, { learnerIndex: 91, leaderIndex: 100 }))).toBe('ok')
})
