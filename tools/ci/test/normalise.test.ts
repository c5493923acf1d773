import { describe, expect, it } from 'vitest'
import { normalise } from '../differential/normalise.mjs'

const etcd = { port: 33001, leases: new Map([['mine', '6a6ca1f8cfdecb12']]) }
const kvs = { port: 45678, leases: new Map([['mine', '1a']]) }

/** The text as it is compared; `line` is the command. */
function of(text: string, line = 'get a', side: { port: number; leases: Map<string, string> } = etcd): string {
  return normalise(text, line.split(' '), side)
}

describe('what two servers that behave alike may differ in', () => {
  it('is the address of the endpoint', () => {
    expect(of('127.0.0.1:33001, 8211f1d0f64f3269')).toBe(of('127.0.0.1:45678, 8211f1d0f64f3269', 'get a', kvs))
    expect(of('127.0.0.1:33002')).toBe('127.0.0.1:33002')
    expect(of('"endpoint://client-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/127.0.0.1:33001"')).toBe(
      '"endpoint://client-<id>/127.0.0.1:<...>"',
    )
  })

  it('is the id of a lease, however it is written, but not another number', () => {
    const text = 'lease 6a6ca1f8cfdecb12 granted, "ID":7668682355516558098,'
    expect(of(text)).toBe('lease <mine> granted, "ID":<mine>,')
    expect(of('lease 000000000000001a granted, "ID":26,', 'get a', kvs)).toBe('lease <mine> granted, "ID":<mine>,')
    expect(of('2026, 261a, a1a', 'get a', kvs)).toBe('2026, 261a, a1a')
    expect(of('6a6ca1f8cfdecb13 7668682355516558099')).toBe('6a6ca1f8cfdecb13 7668682355516558099')
  })

  it('is the lease in the key of a lock and of an election', () => {
    expect(of('lock-a/6a6ca1f8d80ed305\n\nelect-b/6a6ca1f8d80ed30')).toBe('lock-a/<id>\n\nelect-b/<id>')
    expect(of('other/6a6ca1f8d80ed305 lock-a/short')).toBe('other/6a6ca1f8d80ed305 lock-a/short')
  })

  it('is a time', () => {
    expect(of('{"level":"warn","ts":"2026-11-20T11:50:22.137Z","caller":"x.go:62"}')).toBe(
      '{"level":"warn","ts":"<time>","caller":"x.go:62"}',
    )
    expect(of('{"ts":1795175739.3794832,"took":"12ms"},{"took":0.0123}')).toBe(
      '{"ts":"<time>","took":"<time>"},{"took":"<time>"}',
    )
    for (const time of ['1.128118ms', '953.1\u00c2\u00b5s', '2s']) {
      expect(of(`committed proposal: took = ${time}\n`)).toBe('committed proposal: took = <time>\n')
    }
  })

  it('is what is left of a lease, nowhere else', () => {
    const texts = [
      'granted with TTL(100s), remaining(99s)',
      '"ttl":99,"granted-ttl":100',
      '"TTL" : 99\n"GrantedTTL" : 100',
    ]
    expect(texts.map(text => of(text, 'lease timetolive 1a'))).toEqual([
      'granted with TTL(100s), remaining(<time>)',
      '"ttl":<time>,"granted-ttl":100',
      '"TTL" : <time>\n"GrantedTTL" : 100',
    ])
    for (const text of texts) expect(of(text)).toBe(text)
    expect(of('lease 1 already expired, "ttl":-1', 'lease timetolive 1')).toBe('lease 1 already expired, "ttl":-1')
  })

  it('is the size of a database', () => {
    const line = 'endpoint status'
    expect(of('127.0.0.1:33001, 8e9e, 3.4.23, 20 kB, true, false, 2, 4, 4, ', line)).toBe(
      '127.0.0.1:<...>, 8e9e, 3.4.23, <size>, true, false, 2, 4, 4, ',
    )
    expect(of('"version":"3.4.23","dbSize":24576,"raftIndex":5,"dbSizeInUse":16384', line)).toBe(
      '"version":"3.4.23","dbSize":<size>,"raftIndex":5,"dbSizeInUse":<size>',
    )
    expect(of('"DBSize" : 24576\n"RaftIndex" : 5\n"DBSizeInUse" : 16384', line)).toBe(
      '"DBSize" : <size>\n"RaftIndex" : 5\n"DBSizeInUse" : <size>',
    )
    expect(of('fe01cf57, 10, 7, 2.1 MB\n', 'snapshot status x')).toBe('fe01cf57, 10, 7, <size>\n')
    expect(of('{"hash":1,"totalKey":7,"totalSize":24576}', 'snapshot status x')).toBe(
      '{"hash":1,"totalKey":7,"totalSize":<size>}',
    )
    expect(of('a\n20 kB\n')).toBe('a\n20 kB\n')
  })

  it('is the width that a size gives to its column, and no other column', () => {
    const table = (size: string, version: string): string =>
      [
        `+------+-${'-'.repeat(size.length)}-+---------+`,
        `| ID   | ${'DB SIZE'.padEnd(size.length)} | VERSION |`,
        `| 8e9e | ${size} | ${version}   |`,
        '',
      ].join('\n')
    const line = 'endpoint status -w table'
    expect(of(table('20 kB  ', '3.7.1'), line)).toBe(of(table('1.25 GB   ', '3.7.1'), line))
    expect(of(table('20 kB  ', '3.7.1'), line)).not.toBe(of(table('20 kB  ', '3.4.2'), line))
  })

  it('is nothing else', () => {
    const text =
      '{"header":{"cluster_id":552157987425087347,"member_id":12439545898962442842,"revision":2,"raft_term":2}}'
    for (const line of ['get a', 'endpoint status', 'lease timetolive 1', 'snapshot status x']) {
      expect(of(text, line)).toBe(text)
    }
  })
})
