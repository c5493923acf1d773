import type { HardState } from '@kvs/proto/raft'
import type { WalPosition } from './errors.ts'
import type { WalRecord } from './replay.ts'
import type { WalStatus } from './wal.ts'

const entryTypes = ['normal', 'conf-change', 'conf-change-v2'] as const

/** One line of a dump. Ids are in hexadecimal, as in logs. */
export function describeWalRecord(record: WalRecord, at?: WalPosition): string {
  const place = at === undefined ? '' : `${at.file}:${at.offsetBytes} `
  return place + describeContent(record)
}

function describeContent(record: WalRecord): string {
  switch (record.type) {
    case 'metadata':
      return `metadata ${hex(record.data)}`
    case 'entry': {
      const { index, term, type, data } = record.entry
      return `entry index=${index} term=${term} ${entryTypes[type]} ${data.length} bytes`
    }
    case 'state':
      return `state ${describeHardState(record.hardState)}`
    case 'crc':
      return `crc ${record.crc.toString(16).padStart(8, '0')}`
    case 'snapshot': {
      const { index, term, confState } = record.snapshot
      if (confState === undefined) return `snapshot index=${index} term=${term}`
      const { voters, learners, votersOutgoing, learnersNext, autoLeave } = confState
      const sets = [
        `voters=${ids(voters)}`,
        learners.length > 0 ? `learners=${ids(learners)}` : '',
        votersOutgoing.length > 0 ? `outgoing=${ids(votersOutgoing)}` : '',
        learnersNext.length > 0 ? `learners-next=${ids(learnersNext)}` : '',
        autoLeave ? 'auto-leave' : '',
      ]
      return `snapshot index=${index} term=${term} ${sets.filter(part => part !== '').join(' ')}`
    }
  }
}

export function describeHardState(state: HardState): string {
  return `term=${state.term} vote=${state.vote.toString(16)} commit=${state.commit}`
}

/** Where an open log stands, in one line. */
export function describeWalStatus(status: WalStatus): string {
  const { segment, positionBytes, lastIndex, segmentsHeld, batchCount, syncCount, writtenBytes, spareError } = status
  const spare = spareError === undefined ? '' : ', no room for the next segment'
  return (
    `${segment}:${positionBytes} last index ${lastIndex}, ${segmentsHeld} segments held, ` +
    `${batchCount} batches, ${syncCount} syncs, ${writtenBytes} bytes written${spare}`
  )
}

function ids(values: readonly bigint[]): string {
  return `[${values.map(value => value.toString(16)).join(' ')}]`
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}
