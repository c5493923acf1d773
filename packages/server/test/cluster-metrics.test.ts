import { KV } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import type { MetricFamily } from '../src/metrics/family.ts'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'
import { clustered } from './metrics-table.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const familyOf = (machine: Machine, name: string): MetricFamily => {
  const family = machine.member.metricFamilies.find(one => one.name === name)
  if (family === undefined) throw new Error(`there is no ${name}`)
  return family
}
const idOf = (machine: Machine): string => machine.member.id.toString(16)
/** Values by the id in a label. */
const valuesOf = (machine: Machine, name: string, label: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    familyOf(machine, name)
      .samples()
      .filter(({ suffix }) => suffix === '' || suffix === '_count')
      .map(({ labels, value }) => [labels[label] ?? '', value]),
  )

test('what is between members is counted under etcd’s names, by ids in hex', async () => {
  cluster = new Cluster(51)
  await cluster.found(3, { snapshotCount: 10, snapshotCatchupEntries: 5 })
  const { leader } = cluster
  const [behind, other] = cluster.followers as readonly [Machine, Machine]
  await cluster.advance(10_000)
  const ids = [leader, behind, other].map(idOf)
  const behindId = idOf(behind)
  const ofBoth = (value: number) => ({ [idOf(behind)]: value, [idOf(other)]: value })
  expect(Object.keys(valuesOf(leader, 'etcd_network_known_peers', 'Remote')).sort()).toEqual([...ids].sort())
  expect(valuesOf(leader, 'etcd_network_active_peers', 'Remote')).toEqual(ofBoth(1))
  expect(familyOf(leader, 'etcd_network_active_peers').samples()[0]?.labels['Local']).toBe(idOf(leader))
  for (const name of ['sent_bytes_total To', 'received_bytes_total From', 'round_trip_time_seconds To']) {
    const [family, label] = name.split(' ') as [string, string]
    const values = valuesOf(leader, `etcd_network_peer_${family}`, label)
    expect(Object.keys(values).sort()).toEqual([idOf(behind), idOf(other)].sort())
    for (const value of Object.values(values)) expect(value).toBeGreaterThan(0)
  }
  // What has not happened is not shown, as with Go's client.
  expect(familyOf(leader, 'etcd_network_snapshot_send_success').samples()).toEqual([])
  expect(familyOf(leader, 'etcd_network_disconnected_peers_total').samples()).toEqual([])

  behind.crash()
  for (let i = 0; i < 60; i++) await leader.call(KV.put, { key: bytesOf(`k${i}`), value: bytesOf(`${i}`) })
  await cluster.advance(10_000)
  expect(valuesOf(leader, 'etcd_network_active_peers', 'Remote')).toEqual({ [behindId]: 0, [idOf(other)]: 1 })
  expect(valuesOf(leader, 'etcd_network_disconnected_peers_total', 'Remote')).toEqual({ [behindId]: 1 })
  await cluster.until(behind.start())
  await cluster.advance(1000)
  const once = (id: string) => ({ [id]: 1 })
  expect(valuesOf(leader, 'etcd_network_snapshot_send_success', 'To')).toEqual(once(idOf(behind)))
  expect(valuesOf(leader, 'etcd_network_snapshot_send_inflights_total', 'To')).toEqual({ [idOf(behind)]: 0 })
  expect(valuesOf(leader, 'etcd_network_snapshot_send_total_duration_seconds', 'To')).toEqual(once(idOf(behind)))
  expect(valuesOf(behind, 'etcd_network_snapshot_receive_success', 'From')).toEqual(once(idOf(leader)))
  expect(valuesOf(behind, 'etcd_network_snapshot_receive_total_duration_seconds', 'From')).toEqual(once(idOf(leader)))
  expect(valuesOf(behind, 'etcd_snap_db_save_total_duration_seconds', '')).toEqual({ '': 1 })
  expect(valuesOf(behind, 'etcd_snap_db_fsync_duration_seconds', '')).toEqual({ '': 1 })
  expect(valuesOf(behind, 'etcd_server_snapshot_apply_in_progress_total', '')).toEqual({ '': 0 })

  const running = [leader, behind, other]
  for (const { name, type, labels, bounds } of clustered) {
    const families = running.map(machine => familyOf(machine, name))
    expect(families.map(family => family.type)).toEqual(Array(3).fill(type))
    for (const sample of families.flatMap(family => family.samples())) {
      const { le: _, ...others } = sample.labels
      expect(Object.keys(others).sort(), name).toEqual(labels)
    }
    const [any] = families
      .map(family => family.samples().flatMap(({ labels: { le = [] } }) => le))
      .filter(le => le.length > 0)
    if (any !== undefined) expect([...new Set(any)], name).toEqual(bounds)
  }
  await cluster.stop()
})
