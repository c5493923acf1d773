import { type Client, type ClientOptions, type ClientTls, connect, KvsError } from '@kvs/client'
import type { AnswerKind, Answers, Format, Line } from './answers.ts'
import type { Flags } from './command.ts'
import { discoverEndpoints } from './discovery.ts'
import { CtlError, errorText } from './errors.ts'
import type { CtlIo } from './io.ts'
import { fieldsFormat } from './print/fields.ts'
import { jsonFormat } from './print/json.ts'
import { protobufFormat } from './print/protobuf.ts'
import { simpleFormat } from './print/simple.ts'
import { tableFormat } from './print/table.ts'

/** One run of the program: its settings, its client (made when first needed) and its output. */
export class Session {
  readonly io: CtlIo
  readonly flags: Flags
  readonly formatName: string
  readonly #format: Format
  #client: Promise<Client> | undefined

  constructor(io: CtlIo, flags: Flags) {
    this.io = io
    this.flags = flags
    this.formatName = flags.text('write-out')
    this.#format = formatNamed(this.formatName, flags.bool('hex'))
  }

  /** The bound for short commands. */
  get timeout(): { readonly timeoutMs: number } {
    return { timeoutMs: this.flags.durationMs('command-timeout') }
  }

  endpoints(): Promise<readonly string[]> {
    const domain = this.flags.text('discovery-srv')
    if (domain === '') return Promise.resolve(this.flags.list('endpoints'))
    const insecure = this.flags.bool('insecure-discovery')
    return discoverEndpoints({ domain, serviceName: this.flags.text('discovery-srv-name'), insecure })
  }

  client(): Promise<Client> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    await client?.close()
  }

  /** Says the answer in the format that was asked for. Throws `CtlError` (`badFeature`) if it has no words for it. */
  print<K extends AnswerKind>(kind: K, answer: Answers[K]): void {
    const say = this.#format[kind]
    if (say === undefined) throw new CtlError('badFeature', `${this.formatName} not supported as output format`)
    this.#write(say(answer))
  }

  /** One line, whatever the format. */
  line(text: string): void {
    this.io.out(`${text}\n`)
  }

  errorLine(text: string): void {
    this.io.err(`${text}\n`)
  }

  #write(lines: readonly Line[]): void {
    const end = this.formatName === 'protobuf' ? '' : '\n'
    if (lines.length === 0) return
    // One write: a reader must not see half of an answer.
    if (lines.every(line => typeof line === 'string')) this.io.out(lines.map(line => line + end).join(''))
    else this.io.out(Buffer.concat(lines.flatMap(line => [Buffer.from(line as Uint8Array), Buffer.from(end)])))
  }

  async #connect(): Promise<Client> {
    const { flags } = this
    const received = flags.int('max-recv-bytes')
    const sent = flags.int('max-request-bytes')
    let client: Client
    try {
      client = connect({
        endpoints: await this.endpoints(),
        auth: await this.#auth(),
        tls: tlsOf(flags),
        dialTimeoutMs: flags.durationMs('dial-timeout'),
        keepalive: {
          // gRPC allows clients no shorter silence.
          intervalMs: Math.max(10_000, flags.durationMs('keepalive-time')),
          timeoutMs: flags.durationMs('keepalive-timeout'),
          permitWithoutStreams: false,
        },
        maxReceiveBytes: received > 0 ? received : undefined,
        maxRequestBytes: sent > 0 ? sent : undefined,
      })
    } catch (error) {
      if (error instanceof KvsError && error.code === 'INVALID_ARGUMENT')
        throw new CtlError('badArguments', error.message)
      throw error
    }
    try {
      await client.authenticate()
    } catch (error) {
      await client.close()
      throw new CtlError('badConnection', errorText(error), { cause: error })
    }
    return client
  }

  async #auth(): Promise<ClientOptions['auth']> {
    const token = this.flags.text('auth-jwt-token')
    const user = this.flags.text('user')
    const password = this.flags.text('password')
    if (token !== '' && user !== '')
      throw new CtlError('badArguments', '--user and --auth-jwt-token exclude each other')
    if (token !== '') return { token }
    if (user === '') return undefined
    if (password !== '') return { user, password }
    const colon = user.indexOf(':')
    if (colon >= 0) return { user: user.slice(0, colon), password: user.slice(colon + 1) }
    return { user, password: await this.io.askSecret('Password: ') }
  }
}

/**
 * How encrypted endpoints are spoken to, by flags that begin with `prefix`; undefined where none says that endpoints without
 * a scheme are. Throws `CtlError` for half of a pair.
 */
export function tlsOf(flags: Flags, prefix = ''): ClientTls | undefined {
  const text = (name: string): string | undefined => flags.text(prefix + name) || undefined
  const [caFile, certFile, keyFile] = [text('cacert'), text('cert'), text('key')]
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const found = `[key: ${keyFile ?? ''}, cert: ${certFile ?? ''}]`
    throw new CtlError('badArguments', `KeyFile and CertFile must both be present${found}`)
  }
  const skipVerify = prefix === '' && flags.bool('insecure-skip-tls-verify')
  const isAsked = [caFile, certFile].some(file => file !== undefined) || skipVerify
  if (!isAsked && flags.bool(`${prefix}insecure-transport`)) return undefined
  return { caFile, certFile, keyFile, skipVerify }
}

function formatNamed(name: string, hex: boolean): Format {
  switch (name) {
    case 'simple':
      return simpleFormat({ hex })
    case 'fields':
      return fieldsFormat({ hex })
    case 'json':
      return jsonFormat({ hex })
    case 'table':
      return tableFormat
    case 'protobuf':
      return protobufFormat
    default:
      throw new CtlError('badFeature', 'unsupported output format')
  }
}
