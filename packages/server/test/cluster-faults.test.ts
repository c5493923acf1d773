import { KV } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const key = bytesOf('k')

test('a scrub that a crash broke off goes on after the start, though nobody asks for anything', async () => {
  cluster = new Cluster()
  const pace = { compactionBatchLimit: 1, compactionSleepIntervalMs: 10 }
  const [machine] = (await cluster.found(1, { ...pace, backendBatchIntervalMs: 1 })) as [(typeof cluster)['leader']]
  for (let i = 0; i < 20; i++) await machine.call(KV.put, { key, value: bytesOf(`${i}`) })
  await machine.call(KV.compact, { revision: 20 })
  await cluster.advance(50)
  const finished = (): number => cluster.log.filter(({ message }) => message === 'finished scheduled compaction').length
  expect(finished()).toBe(0)
  machine.crash()
  await cluster.until(machine.start())
  await cluster.advance(1000)
  expect(finished()).toBe(1)
  await cluster.stop()
})
