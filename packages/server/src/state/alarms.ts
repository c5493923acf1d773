import type { Backend } from '@kvs/backend'
import { type AlarmMember, AlarmType, decodeAlarmMember, encodeAlarmMember } from '@kvs/proto/rpc'
import { buckets } from './buckets.ts'

const noBytes = new Uint8Array(0)

/** The alarms that are active, of all members. Kept in the state file, with a copy in memory. */
export class Alarms {
  readonly #backend: Backend
  /** Ascending by type and member. */
  #active: AlarmMember[]

  constructor(backend: Backend) {
    this.#backend = backend
    this.#active = storedAlarms(backend)
  }

  /** Reads them again, when the state file was replaced by that of a snapshot. */
  restore(): void {
    this.#active = storedAlarms(this.#backend)
  }

  get any(): boolean {
    return this.#active.length > 0
  }

  has(type: AlarmType): boolean {
    return this.#active.some(({ alarm }) => alarm === type)
  }

  /** Those of one type; `NONE` means all. */
  list(type: AlarmType = AlarmType.NONE): readonly AlarmMember[] {
    return this.#active.filter(({ alarm }) => type === AlarmType.NONE || alarm === type)
  }

  /** Nothing if it is active already. */
  activate(alarm: AlarmMember): void {
    if (this.#find(alarm) >= 0) return
    this.#active.push(alarm)
    this.#active.sort(compare)
    this.#backend.put(buckets.alarm, encodeAlarmMember(alarm), noBytes.slice())
  }

  /** False if it was not active. */
  deactivate(alarm: AlarmMember): boolean {
    const at = this.#find(alarm)
    if (at < 0) return false
    this.#active.splice(at, 1)
    this.#backend.delete(buckets.alarm, encodeAlarmMember(alarm))
    return true
  }

  #find(alarm: AlarmMember): number {
    return this.#active.findIndex(active => compare(active, alarm) === 0)
  }
}

function storedAlarms(backend: Backend): AlarmMember[] {
  return [...backend.records(buckets.alarm)].map(({ key }) => decodeAlarmMember(key)).sort(compare)
}

function compare(left: AlarmMember, right: AlarmMember): number {
  if (left.alarm !== right.alarm) return left.alarm - right.alarm
  if (left.memberId === right.memberId) return 0
  return left.memberId < right.memberId ? -1 : 1
}

/** `NOSPACE`; the number of a type that is not known. */
export function alarmName(type: AlarmType): string {
  return Object.entries(AlarmType).find(([, number]) => number === type)?.[0] ?? String(type)
}

/** As Go prints the message: fields that are zero are left out. */
export function describeAlarm({ memberId, alarm }: AlarmMember): string {
  const parts = memberId === 0n ? [] : [`memberID:${memberId}`]
  if (alarm !== AlarmType.NONE) parts.push(`alarm:${alarmName(alarm)}`)
  return parts.join(' ')
}
