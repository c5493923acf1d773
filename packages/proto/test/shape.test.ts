import * as model from '@kvs/raft'
import { expect, test } from 'vitest'
import * as wire from '../src/gen/raft.ts'

/**
 * `true` only if each can be assigned to the other and neither has a field the other would drop. The compiler decides
 * (`npm run check`, test-types): a difference makes one of the constants below an error.
 */
type Same<A, B> = [A, B, keyof A, keyof B] extends [B, A, keyof B, keyof A] ? true : never

const same: readonly true[] = [
  true satisfies Same<wire.Entry, model.Entry>,
  true satisfies Same<wire.Message, model.Message>,
  true satisfies Same<wire.HardState, model.HardState>,
  true satisfies Same<wire.ConfState, model.ConfState>,
  true satisfies Same<wire.SnapshotMetadata, model.SnapshotMetadata>,
  true satisfies Same<wire.Snapshot, model.Snapshot>,
  true satisfies Same<wire.ConfChange, model.ConfChange>,
  true satisfies Same<wire.ConfChangeSingle, model.ConfChangeSingle>,
  true satisfies Same<wire.ConfChangeV2, model.ConfChangeV2>,
  true satisfies Same<wire.EntryType, model.EntryType>,
  true satisfies Same<wire.MessageType, model.MessageType>,
  true satisfies Same<wire.ConfChangeType, model.ConfChangeType>,
  true satisfies Same<wire.ConfChangeTransition, model.ConfChangeTransition>,
]

test('the enums of the wire and of raft have the same names and values', () => {
  expect(same).toHaveLength(13)
  expect(model.EntryType).toEqual(wire.EntryType)
  expect(model.MessageType).toEqual(wire.MessageType)
  expect(model.ConfChangeType).toEqual(wire.ConfChangeType)
  expect(model.ConfChangeTransition).toEqual(wire.ConfChangeTransition)
})
