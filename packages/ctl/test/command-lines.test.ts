/** Command lines that end before any server is asked: they need none to be tested. */
import { describe, expect, test } from 'vitest'
import { runInProcess } from './programs.ts'

const words = (line: string): string[] => line.split(' ').filter(word => word !== '')

describe('bad arguments end with 128', () => {
  test.each([
    ['get', 'get command needs one argument as key and an optional argument as range_end'],
    ['get a --prefix --from-key', '`--prefix` and `--from-key` cannot be set at the same time, choose one'],
    ['get a b --from-key', 'too many arguments, only accept one argument when `--prefix` or `--from-key` is set'],
    ['get a --keys-only --count-only', '`--keys-only` and `--count-only` cannot be set at the same time, choose one'],
    ['put a b --lease xyz', 'bad lease ID (strconv.ParseInt: parsing "xyz": invalid syntax), expecting ID in Hex'],
    ['del', 'del command needs one argument as key and an optional argument as range_end'],
    ['lease grant', 'lease grant command needs TTL argument'],
    ['member add', 'member name not provided'],
    ['member add x http://a:1', 'too many arguments, did you mean --peer-urls=http://a:1'],
    ['member update 1', 'member peer urls not provided'],
    ['watch a b --prefix', '`range_end` and `--prefix` are mutually exclusive'],
    ['watch a --', 'bad number of arguments (found separator --, but no commands)'],
    ['user grant-role u', 'user grant command requires user name and role name as its argument'],
    ['role grant-permission r x k', 'invalid permission type: x'],
    ['--user u:p --auth-jwt-token t get a', '--user and --auth-jwt-token exclude each other'],
    ['--endpoints ftp://a get a', '"ftp://a" is no endpoint: expected host:port, a URL or unix:path'],
  ])('%s', async (line, message) => {
    expect(await runInProcess(words(line))).toEqual({ status: 128, out: '', err: `Error: ${message}\n` })
  })
})

describe('flags', () => {
  test.each([
    ['get a --bogus', 1, 'unknown flag: --bogus'],
    ['get a --bogus=1', 1, 'unknown flag: --bogus'],
    ['get a -z', 1, 'unknown shorthand flag: "z" in -z'],
    ['get a --limit', 1, 'flag needs an argument: --limit'],
    ['get a --limit x', 1, 'invalid argument "x" for "--limit" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    ['get a --prefix=x', 1, 'invalid argument "x" for "--prefix" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    ['get a --dial-timeout 5', 1, 'invalid argument "5" for "--dial-timeout" flag: time: missing unit in duration "5"'],
    ['nonsense', 1, 'unknown command "nonsense" for "kvsctl"'],
    ['get a -w yaml', 4, 'unsupported output format'],
    ['get a --sort-by size', 4, 'bad sort target size'],
  ])('%s', async (line, status, message) => {
    expect(await runInProcess(words(line))).toEqual({ status, out: '', err: `Error: ${message}\n` })
  })

  test('come from the environment; what is typed wins, with a warning', async () => {
    const env = { ETCDCTL_WRITE_OUT: 'yaml', ETCDCTL_NOTHING: '1', ETCDCTL_API: '3' }
    expect((await runInProcess(['version'], { env })).err).toBe(
      'Warning: unrecognized environment variable ETCDCTL_NOTHING\nError: unsupported output format\n',
    )
    expect(await runInProcess(['version', '-w', 'json'], { env: { ETCDCTL_WRITE_OUT: 'yaml' } })).toMatchObject({
      status: 0,
      err: 'Warning: environment variable ETCDCTL_WRITE_OUT is overruled by flag --write-out\n',
    })
  })

  test('--debug shows what is in force', async () => {
    const { err } = await runInProcess(['version', '--debug', '--endpoints', 'a:1,b:2'], {
      env: { ETCDCTL_COMMAND_TIMEOUT: '7s' },
    })
    expect(err).toContain('ETCDCTL_ENDPOINTS=[a:1,b:2]\n')
    expect(err).toContain('ETCDCTL_COMMAND_TIMEOUT=7s\n')
  })

  test('what follows -- is no flag', async () => {
    const { err } = await runInProcess([
      '--endpoints',
      '127.0.0.1:1',
      '--command-timeout',
      '50ms',
      'get',
      '--',
      '--prefix',
    ])
    expect(err).toBe('Error: context deadline exceeded\n')
  })
})

test('a transaction that cannot be read ends with 3', async () => {
  for (const input of ['bad\n', 'mod("a") ? "1"\n', 'mod("a") > 1\n', '\nget a --bogus\n', '\nput a b\n']) {
    expect(await runInProcess(['txn'], { input })).toMatchObject({ status: 3, out: '' })
  }
})
