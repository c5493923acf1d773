/** `kvsutl` on files that the tests make: none of them needs a server. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBolt } from '@kvs/bbolt'
import { encodeSnapFile } from '@kvs/snap'
import { nodeFs } from '@kvs/vfs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runUtl } from '../src/utl.ts'
import { runInProcess, type Said } from './programs.ts'

let folder = ''
let backup = ''

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvsutl-'))
  backup = join(folder, 'backup.db')
  await makeDatabase(backup)
  appendFileSync(backup, createHash('sha256').update(readFileSync(backup)).digest())
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function run(...args: readonly string[]): Promise<Said> {
  let out = ''
  let err = ''
  const text = (chunk: string | Uint8Array): string => Buffer.from(chunk as Uint8Array).toString()
  const status = await runUtl({
    args,
    out: chunk => {
      out += text(chunk)
    },
    err: chunk => {
      err += text(chunk)
    },
  })
  return { status, out, err: err.replaceAll(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t/gm, '') }
}

const words = (line: string): Promise<Said> => run(...line.split(' '))

/** A revision as the key of a record: main 8 bytes, `_`, sub 8 bytes, and `t` for a tombstone. */
function revisionKey(main: number, isTombstone = false): Uint8Array {
  const key = Buffer.alloc(isTombstone ? 18 : 17)
  key.writeBigUInt64BE(BigInt(main))
  key[8] = 0x5f
  if (isTombstone) key[17] = 0x74
  return key
}

/** A KeyValue: key, create and mod revision, version, value. */
function record(key: string, revision: number, value: string): Uint8Array {
  const revisions = [0x10, revision, 0x18, revision, 0x20, 1]
  return Buffer.from([0x0a, key.length, ...Buffer.from(key), ...revisions, 0x2a, value.length, ...Buffer.from(value)])
}

/** As etcd 3.7 has it: `a` put, `b` put and deleted, `c` put. */
async function makeDatabase(path: string): Promise<void> {
  const names = [
    'alarm',
    'auth',
    'authRoles',
    'authUsers',
    'cluster',
    'key',
    'lease',
    'members',
    'members_removed',
    'meta',
  ]
  const filled: Readonly<Record<string, readonly (readonly [Uint8Array, Uint8Array])[]>> = {
    key: [
      [revisionKey(2), record('a', 2, '1')],
      [revisionKey(3), record('b', 3, '2')],
      [revisionKey(4, true), Buffer.from([0x0a, 1, 0x62])],
      [revisionKey(5), record('c', 5, '3')],
    ],
    meta: [
      [Buffer.from('consistent_index'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 9])],
      [Buffer.from('storageVersion'), Buffer.from('3.7.0')],
    ],
  }
  await writeBolt({ fs: nodeFs(), path, buckets: names.map(name => [name, filled[name] ?? []]) })
}

describe('snapshot status', () => {
  test.each([
    ['simple', ['db18d9b4, 5, 2, 16 kB, 3.7.0']],
    ['json', ['{"hash":3675838900,"revision":5,"totalKey":2,"totalSize":16384,"version":"3.7.0"}']],
    ['fields', ['"Hash" : 3675838900', '"Revision" : 5', '"Keys" : 2', '"Size" : 16384', '"Version" : 3.7.0']],
    [
      'table',
      [
        '+----------+----------+------------+------------+---------+',
        '|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE | VERSION |',
        '+----------+----------+------------+------------+---------+',
        '| db18d9b4 |        5 |          2 |      16 kB |   3.7.0 |',
        '+----------+----------+------------+------------+---------+',
      ],
    ],
  ])('%s', async (format, lines) => {
    expect(await run('snapshot', 'status', backup, '-w', format)).toEqual({
      ...{ status: 0, err: '' },
      out: lines.map(line => `${line}\n`).join(''),
    })
  })

  test('formats that it has not', async () => {
    expect(await run('snapshot', 'status', backup, '-w', 'protobuf')).toEqual({
      ...{ status: 4, out: '' },
      err: 'Error: protobuf not supported as output format\n',
    })
    const said = await run('snapshot', 'status', backup, '-w', 'yaml')
    expect(said).toEqual({ status: 4, out: '', err: 'Error: unsupported output format\n' })
  })

  test('a damaged file is refused with its page', async () => {
    const bytes = readFileSync(backup)
    writeFileSync(backup, Uint8Array.from(bytes).fill(0xff, 3 * 4096, 3 * 4096 + 8))
    const said = await run('snapshot', 'status', backup)
    expect(said).toMatchObject({ status: 1, out: '' })
    expect(said.err).toMatch(/^Error: '.*backup\.db': bbolt: the page calls itself \d+ \(page 3, offset 12288\)\n$/)
    const check = await run('db', 'check', backup)
    expect(check).toMatchObject({ status: 1, err: `Error: ${backup} is damaged\n` })
    expect(check.out).toMatch(/\(page 3, offset 12288\)/)
  })

  test('a list of free pages that is damaged is an error of the check', async () => {
    writeFileSync(backup, readFileSync(backup).fill(0x77, 2 * 4096 + 8, 2 * 4096 + 10))
    const said = await run('snapshot', 'status', backup)
    expect(said.err).toMatch(
      /^Error: snapshot file integrity check failed\. \d+ errors found\.\n.*\(page 2, offset 8192\)/,
    )
  })
})

describe('hashkv', () => {
  test.each([
    ['simple', [], ['179303030, 5, -1']],
    ['json', ['--rev=3'], ['{"hash":1827592406,"hashRevision":3,"compactRevision":-1}']],
    ['fields', [], ['"Hash" : 179303030', '"Hash revision" : 5', '"Compact revision" : -1']],
    [
      'table',
      [],
      [
        '+-----------+---------------+------------------+',
        '|   HASH    | HASH REVISION | COMPACT REVISION |',
        '+-----------+---------------+------------------+',
        '| 179303030 |             5 |               -1 |',
        '+-----------+---------------+------------------+',
      ],
    ],
  ] as const)('%s', async (format, flags, lines) => {
    expect(await run('hashkv', backup, '-w', format, ...flags)).toEqual({
      ...{ status: 0, err: '' },
      out: lines.map(line => `${line}\n`).join(''),
    })
  })

  test('a revision that is not there yet', async () => {
    const err = 'Error: mvcc: required revision is a future revision\n'
    expect(await run('hashkv', backup, '--rev', '6')).toEqual({ status: 1, out: '', err })
  })
})

describe('command lines that are refused', () => {
  test.each([
    ['snapshot status', 128, 'snapshot status requires exactly one argument'],
    ['snapshot restore', 1, 'required flag(s) "data-dir" not set'],
    ['snapshot restore --data-dir=/x', 128, 'snapshot restore requires exactly one argument'],
    ['snapshot restore a --data-dir=/x --bump-revision=5', 128, '--mark-compacted required if --revision-bump > 0'],
    ['snapshot restore a --data-dir=/x --mark-compacted', 128, '--mark-compacted required if --revision-bump > 0'],
    [
      'snapshot restore a --data-dir=/x --bump-revision=-5',
      1,
      'invalid argument "-5" for "--bump-revision" flag: strconv.ParseUint: parsing "-5": invalid syntax',
    ],
    ['snapshot save x', 128, 'In order to download snapshot use: `kvsctl snapshot save ...`'],
    ['hashkv', 1, 'accepts 1 arg(s), received 0'],
    ['wal dump a b', 1, 'accepts 1 arg(s), received 2'],
    ['defrag', 1, 'required flag(s) "data-dir" not set'],
    [
      'defrag --data-dir=/nowhere',
      1,
      "Failed to defragment etcd data[/nowhere] (there is no state file '/nowhere/member/snap/db')",
    ],
    ['migrate', 1, 'required flag(s) "data-dir", "target-version" not set'],
    ['migrate --data-dir=/x', 1, 'required flag(s) "target-version" not set'],
    ['migrate --data-dir=/x --target-version=3', 128, 'wrong target version format, expected "X.Y", got "3"'],
    ['migrate --data-dir=/x --target-version=3.x', 128, 'failed to parse target version: 3.x is no version'],
    ['migrate --data-dir=/x --target-version=3.4', 128, 'target version "3.4" not supported. Minimal "3.5"'],
    ['migrate --from-etcd=/x', 128, '--from-etcd needs --data-dir, the directory to make, or --in-place'],
    ['migrate --from-etcd=/x --in-place --data-dir=/y', 128, '--in-place and --data-dir exclude each other'],
    ['migrate --from-etcd=/x --data-dir=/y --force', 128, '--from-etcd and --force exclude each other'],
    ['migrate --from-etcd=/nowhere --data-dir=/y', 1, "there is no log in '/nowhere/member/wal'"],
    ['completion', 1, 'accepts 1 arg(s), received 0'],
    ['completion tcsh', 1, 'invalid argument "tcsh" for "kvsutl completion"'],
    ['nonsense', 1, 'unknown command "nonsense" for "kvsutl"'],
    ['hashkv x --bogus', 1, 'unknown flag: --bogus'],
    ['hashkv x --timeout=5', 1, 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
  ])('%s', async (line, status, message) => {
    expect(await words(line)).toEqual({ status, out: '', err: `Error: ${message}\n` })
  })

  test.each([['snapshot', 'status'], ['hashkv'], ['db', 'check'], ['snap', 'show'], ['wal', 'dump']])(
    'a file that is not there: %s %s',
    async (...command) => {
      const said = await run(...command, join(folder, 'nothing'))
      expect(said).toMatchObject({
        status: 1,
        out: '',
        err: expect.stringMatching(/^Error: there is no (file|log in) '.*nothing'\n$/),
      })
    },
  )
})

describe('snapshot restore', () => {
  test('makes a data directory, which the other commands understand', async () => {
    const dataDir = join(folder, 'data')
    const made = await run('snapshot', 'restore', backup, '--data-dir', dataDir)
    const where = `{"path":"${backup}","wal-dir":"${dataDir}/member/wal","data-dir":"${dataDir}","snap-dir":"${dataDir}/member/snap"}`
    const member = '"added-peer-id":"8e9e05c52164694d","added-peer-peer-urls":["http://localhost:2380"]'
    expect(made).toEqual({
      ...{ status: 0, out: '' },
      err: [
        `info\trestoring snapshot\t${where}\n`,
        `info\tadded member\t{"cluster-id":"cdf818194e3a8c32","local-member-id":"0",${member}}\n`,
        `info\trestored snapshot\t${where}\n`,
      ].join(''),
    })
    const state = join(dataDir, 'member/snap/db')
    expect((await run('hashkv', state)).out).toBe((await run('hashkv', backup)).out)
    expect(JSON.parse((await run('snapshot', 'status', state, '-w=json')).out)).toMatchObject({
      ...{ revision: 5, totalKey: 2, version: '3.7.0' },
    })
    const checked = await run('db', 'check', state)
    expect(checked).toMatchObject({ status: 0, err: '' })
    expect(checked.out).toMatch(/: state of kvs, sound: \d+ records, up to entry 1 of term 1, \d+ bytes in use\n$/)
    const dumped = await run('wal', 'dump', dataDir)
    expect(
      dumped.out
        .replaceAll(/^\S+:\d+ /gm, '')
        .split('\n')
        .filter(line => !line.startsWith('crc')),
    ).toEqual([
      expect.stringMatching(/^metadata \w+ member 8e9e05c52164694d of cluster cdf818194e3a8c32$/),
      'snapshot index=0 term=0',
      expect.stringMatching(/^entry index=1 term=1 conf-change \d+ bytes add member 8e9e05c52164694d /),
      'state term=1 vote=8e9e05c52164694d commit=1',
      'snapshot index=1 term=1 voters=[8e9e05c52164694d]',
      'end',
      '',
    ])
    expect((await run('wal', 'dump', '--start-index=2', dataDir)).out).not.toContain('entry index=1')
    const shrunk = await run('defrag', '--data-dir', dataDir)
    expect(shrunk.err).toMatch(
      /^info\tfinished defragmenting directory\t\{"path":".*db","current-db-size-bytes-diff":-?\d+,/,
    )
    expect(await run('migrate', '--data-dir', dataDir, '--target-version', '3.7')).toEqual({
      ...{ status: 0, out: '' },
      err: 'info\tstorage version up-to-date\t{"storage-version":"3.7"}\n',
    })
    const older = await run('migrate', '--data-dir', dataDir, '--target-version', '3.6', '--force')
    expect(older).toMatchObject({ status: 1, err: expect.stringContaining('has storage version 3.7 and no other') })
    const again = await run('snapshot', 'restore', backup, '--data-dir', dataDir)
    expect(again).toMatchObject({ status: 1 })
    expect(again.err).toContain(`\nError: data-dir "${dataDir}" not empty or could not be read\n`)
  })

  test('with a raised revision, a log elsewhere, and three members', async () => {
    const dataDir = join(folder, 'data')
    const walDir = join(folder, 'log')
    const cluster = 'a=http://127.0.0.1:1,b=http://127.0.0.1:2,c=http://127.0.0.1:3'
    const flags = `--name b --initial-advertise-peer-urls http://127.0.0.1:2 --initial-cluster ${cluster} --bump-revision 100 --mark-compacted`
    const made = await run(
      'snapshot',
      'restore',
      backup,
      '--data-dir',
      dataDir,
      '--wal-dir',
      walDir,
      ...flags.split(' '),
    )
    expect(made.status).toBe(0)
    expect(made.err.match(/\tadded member\t/g)).toHaveLength(3)
    expect(readdirSync(walDir).some(name => name.endsWith('.wal'))).toBe(true)
    expect((await run('hashkv', join(dataDir, 'member/snap/db'), '-w=json')).out).toMatch(
      /"hashRevision":105,"compactRevision":105\}\n$/,
    )
    expect((await run('defrag', '--data-dir', dataDir)).err).toContain(`there is no log in '${dataDir}/member/wal'`)
    expect((await run('defrag', '--data-dir', dataDir, '--wal-dir', walDir)).status).toBe(0)
  })

  test('takes a damaged backup by no means, and one without digest if told so', async () => {
    const bytes = readFileSync(backup)
    const damaged = join(folder, 'damaged.db')
    const dataDir = join(folder, 'data')
    writeFileSync(damaged, Uint8Array.from(bytes).fill(7, 5000, 5001))
    const refused = await run('snapshot', 'restore', damaged, '--data-dir', dataDir)
    expect(refused).toMatchObject({
      status: 1,
      err: expect.stringMatching(/Error: .*expected sha256 \[[\d ]+\], got \[/),
    })
    writeFileSync(damaged, bytes.subarray(0, -32))
    const missing = await run('snapshot', 'restore', damaged, '--data-dir', dataDir)
    expect(missing.err).toContain('Error: snapshot missing hash but --skip-hash-check=false\n')
    expect(existsSync(dataDir)).toBe(false)
    expect((await run('snapshot', 'restore', damaged, '--data-dir', dataDir, '--skip-hash-check')).status).toBe(0)
  })
})

test("a data directory of Go's etcd is not kvs's to change", async () => {
  const dataDir = join(folder, 'etcd')
  mkdirSync(join(dataDir, 'member/snap'), { recursive: true })
  await makeDatabase(join(dataDir, 'member/snap/db'))
  const said = await run('migrate', '--data-dir', dataDir, '--target-version', '3.6')
  expect(said).toMatchObject({ status: 1, out: '' })
  expect(said.err).toContain(`for kvs: kvsutl migrate --from-etcd '${dataDir}' --data-dir NEW\n`)
})

test('a .snap file is shown', async () => {
  const path = join(folder, 'x.snap')
  writeFileSync(
    path,
    encodeSnapFile({ data: new Uint8Array(0), metadata: { index: 7, term: 2, confState: { voters: [5n] } } }),
  )
  expect(await run('snap', 'show', path)).toEqual({
    ...{ status: 0, err: '' },
    out: 'snapshot index=7 term=2 voters=[5] 0 bytes\n',
  })
})

test('version and help', async () => {
  expect(await run('version')).toEqual({ status: 0, out: 'etcdutl version: 3.7.1\nAPI version: 3.7\n', err: '' })
  const { out } = await run('--help')
  for (const command of ['snapshot', 'hashkv', 'defrag', 'migrate', 'wal', 'snap', 'db', 'version', 'completion']) {
    expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
  }
})

describe('completion', () => {
  /** What bash would offer for a line that ends in what is being typed. */
  function offered(script: string, name: string, line: readonly string[]): string[] {
    const typed = `COMP_WORDS=(${line.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${line.length - 1}`
    const program = `compopt() { :; }\n${script}\n${typed}\n_${name}\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', program], { encoding: 'utf8' }).split('\n').slice(0, -1)
  }

  test('bash offers commands and flags where they belong', async () => {
    const { out } = await run('completion', 'bash')
    expect(offered(out, 'kvsutl', ['kvsutl', 'sna'])).toEqual(['snapshot', 'snap'])
    expect(offered(out, 'kvsutl', ['kvsutl', '-w', 'json', 'snapshot', ''])).toEqual(
      expect.arrayContaining(['status', 'restore', '--timeout=']),
    )
    expect(offered(out, 'kvsutl', ['kvsutl', 'snapshot', 'restore', '--initial-c'])).toEqual([
      '--initial-cluster=',
      '--initial-cluster-token=',
    ])
    expect(offered(out, 'kvsutl', ['kvsutl', 'db', '--rev'])).toEqual([''])
  })

  test('kvsctl has it as well', async () => {
    const { out } = await runInProcess(['completion', 'bash'])
    expect(offered(out, 'kvsctl', ['kvsctl', 'endpoint', 'h'])).toEqual(['health', 'hashkv'])
    expect(offered(out, 'kvsctl', ['kvsctl', 'get', '--pre'])).toEqual(['--prefix'])
  })

  test.each(['zsh', 'fish', 'powershell'])('%s names every command and flag', async shell => {
    const { out, status } = await run('completion', shell)
    expect(status).toBe(0)
    for (const word of ['snapshot', 'restore', 'hashkv', 'migrate', 'initial-cluster-token', 'from-etcd']) {
      expect(out).toContain(word)
    }
  })
})
