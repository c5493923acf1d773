import {
  AlarmRequestAlarmAction,
  type AlarmResponse,
  type AlarmType,
  type DefragmentResponse,
  type DowngradeRequestDowngradeAction,
  type DowngradeResponse,
  type HashKVResponse,
  type HashResponse,
  Maintenance,
  type MoveLeaderResponse,
  type SnapshotResponse,
  type StatusResponse,
} from '@kvs/proto/rpc'
import type { Caller, RequestOptions } from './calls.ts'
import { serverStream } from './server-stream.ts'

/** Care of the members. Calls about one member take its endpoint in `options.endpoint`. */
export class MaintenanceClient {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  status(options?: RequestOptions): Promise<StatusResponse> {
    return this.#caller.unary(Maintenance.status, {}, options)
  }

  alarms(options?: RequestOptions): Promise<AlarmResponse> {
    return this.#caller.unary(Maintenance.alarm, { action: AlarmRequestAlarmAction.GET }, options)
  }

  /** Ends an alarm of a member. */
  disarm(
    alarm: { readonly memberId: bigint; readonly alarm: AlarmType },
    options?: RequestOptions,
  ): Promise<AlarmResponse> {
    return this.#caller.unary(Maintenance.alarm, { action: AlarmRequestAlarmAction.DEACTIVATE, ...alarm }, options)
  }

  defragment(options?: RequestOptions): Promise<DefragmentResponse> {
    return this.#caller.unary(Maintenance.defragment, {}, options)
  }

  hash(options?: RequestOptions): Promise<HashResponse> {
    return this.#caller.unary(Maintenance.hash, {}, options)
  }

  /** `revision` 0: the newest. */
  hashKv(options: { readonly revision?: number } & RequestOptions = {}): Promise<HashKVResponse> {
    return this.#caller.unary(Maintenance.hashKV, { revision: options.revision }, options)
  }

  /** The backend of one member as a file, in pieces; the last one is the SHA-256 of the others. */
  snapshot(options?: RequestOptions): AsyncGenerator<SnapshotResponse, void, undefined> {
    return serverStream(this.#caller, Maintenance.snapshot, {}, options)
  }

  /** Only the leader can be asked. */
  moveLeader(targetId: bigint, options?: RequestOptions): Promise<MoveLeaderResponse> {
    return this.#caller.unary(Maintenance.moveLeader, { targetId }, options)
  }

  downgrade(
    request: { readonly action: DowngradeRequestDowngradeAction; readonly version?: string },
    options?: RequestOptions,
  ): Promise<DowngradeResponse> {
    return this.#caller.unary(Maintenance.downgrade, request, options)
  }
}
