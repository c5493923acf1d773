import { configure } from '../../../apps/server/src/config.ts'
import { parseConfigFile } from '../../../apps/server/src/config-file.ts'
import { flags } from '../../../apps/server/src/flag-table.ts'
import { parseCommandLine } from '../../../apps/server/src/flags.ts'
import { parseLogRotation } from '../../../apps/server/src/log-rotation.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { textTarget } from './words.ts'

const names = Object.keys(flags)

/** Flags, one per line: a configuration, or a refusal in one line. */
export const commandLine: FuzzTarget = textTarget({
  name: 'flags',
  words: [
    ...names.map(name => `--${name}=`),
    'true',
    '1h30m',
    'http://127.0.0.1:1',
    '\n',
    '-',
    'AllAlpha=true',
    '[::1]',
  ],
  seeds: [
    '--name=a\n--listen-client-urls=http://0.0.0.0:1\n--advertise-client-urls=http://a:1',
    '-auto-compaction-retention\n5m\n--feature-gates=AllAlpha=true,LeaseCheckpoint=false',
    '--initial-cluster=a=http://a:1,b=http://b:1\n--cors=http://a:1\n--max-wals=3\n--force-new-cluster',
    '--log-outputs=/x\n--enable-log-rotation\n--log-rotation-config-json={"maxsize":1}\n--help\n--v',
  ],
  kinds: ['UsageError'],
  read(said) {
    const [args, variables = ''] = said.split('\0')
    const environment = Object.fromEntries(variables.split('\n').map(line => [`ETCD_${line.split('=')[0]}`, line]))
    const line = parseCommandLine((args ?? '').split('\n').filter(arg => arg !== '' && !/config-file/.test(arg)))
    const { embed, warnings } = configure(line, environment, () => '10.0.0.1')
    mustHold(typeof embed.dataDir === 'string', 'a configuration without a data directory')
    return `${line.wants} ${line.values.size} ${warnings.length}`
  },
})

/** YAML of anybody. */
export const configFile: FuzzTarget = textTarget({
  name: 'config',
  words: [
    ...names.map(name => `${flags[name]?.key ?? name}: `),
    ...[
      'client-transport-security:\n  ',
      'discovery-config:\n  client:\n    ',
      '- ',
      '&a ',
      '*a',
      '<<: ',
      '{',
      '[',
      '|\n',
    ],
    ...['!!binary ', '!!set ', '? ', 'null', '~', '0x10', '1e9', '"', "'"],
  ],
  seeds: [
    'name: a\ndata-dir: /x\nmax-wals: 3\nlog-outputs: [stderr]\n',
    'client-transport-security:\n  cert-file: c\n  allowed-hostname: [a, b]\n  client-cert-auth: true\n',
    'a: &a [x]\nlog-outputs: *a\nsocket-options: {reuse-port: true}\n',
    '{"name": "a", "grpc-keepalive-interval": 5000000000, "feature-gates": "AllAlpha=true"}',
  ],
  kinds: ['UsageError'],
  read(document) {
    const { values, warnings } = parseConfigFile(document, 'kvs.yml')
    for (const name of values.keys()) mustHold(names.includes(name), `no flag ${name}`)
    return `${[...values.keys()].sort().slice(0, 2).join()} ${Math.min(3, warnings.length)}`
  },
})

export const logRotation: FuzzTarget = textTarget({
  name: 'rotation',
  words: [
    '{"maxsize":',
    '"maxage":',
    '"maxbackups":',
    '"localtime":',
    '"compress":',
    'true',
    '1e400',
    '-1',
    '}',
    ',',
    'null',
  ],
  seeds: ['{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}', '{"MaxSize":1}'],
  kinds: ['UsageError'],
  read(json) {
    const { maxBytes, compresses } = parseLogRotation(json, ['/x'])
    mustHold(Number.isSafeInteger(maxBytes) && maxBytes > 0, `a file of ${maxBytes} bytes`)
    return `${maxBytes > 100_000_000} ${compresses}`
  },
})
