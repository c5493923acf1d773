import type { Flag } from './command.ts'

/** Flags that every command takes; each may also come as `ETCDCTL_NAME`. */
export const globalFlags: readonly Flag[] = [
  { name: 'endpoints', kind: 'list', value: '127.0.0.1:2379', help: 'servers to talk to, separated by commas' },
  {
    name: 'write-out',
    short: 'w',
    kind: 'string',
    value: 'simple',
    help: 'output format (fields, json, protobuf, simple, table)',
  },
  { name: 'hex', kind: 'bool', value: 'false', help: 'print byte strings as hexadecimal' },
  { name: 'debug', kind: 'bool', value: 'false', help: 'print the settings that are in force' },
  { name: 'dial-timeout', kind: 'duration', value: '2s', help: 'how long connecting may take' },
  { name: 'command-timeout', kind: 'duration', value: '5s', help: 'how long a short command may take' },
  { name: 'keepalive-time', kind: 'duration', value: '2s', help: 'silence after which the server is pinged' },
  { name: 'keepalive-timeout', kind: 'duration', value: '6s', help: 'silence after a ping that ends the connection' },
  { name: 'max-request-bytes', kind: 'int', value: '0', help: 'longest request (0: 2 MiB)' },
  { name: 'max-recv-bytes', kind: 'int', value: '0', help: 'longest answer (0: 2 GiB)' },
  { name: 'insecure-transport', kind: 'bool', value: 'true', help: 'no encryption unless the endpoint asks for it' },
  {
    name: 'insecure-skip-tls-verify',
    kind: 'bool',
    value: 'false',
    help: 'do not check the certificate of the server',
  },
  { name: 'insecure-discovery', kind: 'bool', value: 'true', help: 'accept discovered endpoints without encryption' },
  { name: 'cert', kind: 'string', value: '', help: 'file with the certificate of this client' },
  { name: 'key', kind: 'string', value: '', help: 'file with the key of that certificate' },
  { name: 'cacert', kind: 'string', value: '', help: 'file with the authorities that may vouch for the server' },
  { name: 'user', kind: 'string', value: '', help: 'name[:password]; the password is asked for if missing' },
  { name: 'password', kind: 'string', value: '', help: 'password, if --user has none' },
  { name: 'auth-jwt-token', kind: 'string', value: '', help: 'token instead of a user' },
  { name: 'discovery-srv', short: 'd', kind: 'string', value: '', help: 'domain whose SRV records name the endpoints' },
  { name: 'discovery-srv-name', kind: 'string', value: '', help: 'service name in those records' },
]

/** `command-timeout` → `ETCDCTL_COMMAND_TIMEOUT` */
export const environmentName = (flag: string): string => `ETCDCTL_${flag.toUpperCase().replaceAll('-', '_')}`

/** Variables that are no flags but have a meaning. */
export const otherVariables: ReadonlySet<string> = new Set([
  'ETCDCTL_API',
  'ETCDCTL_WATCH_KEY',
  'ETCDCTL_WATCH_RANGE_END',
])
