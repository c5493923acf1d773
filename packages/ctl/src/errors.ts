import { KvsError, type KvsErrorCode } from '@kvs/client'

/** How the program ends; the numbers are etcdctl's. */
export const exitCode = {
  ok: 0,
  error: 1,
  badConnection: 2,
  invalidInput: 3,
  badFeature: 4,
  interrupted: 5,
  io: 6,
  badArguments: 128,
} as const
export type CtlErrorCode = Exclude<keyof typeof exitCode, 'ok'>

/** Ends the program: `Error: message` on stderr, and `code` as exit status. */
export class CtlError extends Error {
  override readonly name: string = 'CtlError'
  readonly code: CtlErrorCode
  /** False: what there was to say has been said. */
  readonly shown: boolean
  /** Exit status, where it is not that of the code: a program's that was run. */
  readonly status: number | undefined

  constructor(
    code: CtlErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly shown?: boolean; readonly status?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.shown = options.shown ?? true
    this.status = options.status
  }
}

/** The names Go's gRPC gives its codes in error texts. */
const goCodes: Readonly<Record<KvsErrorCode, string>> = {
  CANCELLED: 'Canceled',
  UNKNOWN: 'Unknown',
  INVALID_ARGUMENT: 'InvalidArgument',
  DEADLINE_EXCEEDED: 'DeadlineExceeded',
  NOT_FOUND: 'NotFound',
  ALREADY_EXISTS: 'AlreadyExists',
  PERMISSION_DENIED: 'PermissionDenied',
  RESOURCE_EXHAUSTED: 'ResourceExhausted',
  FAILED_PRECONDITION: 'FailedPrecondition',
  ABORTED: 'Aborted',
  OUT_OF_RANGE: 'OutOfRange',
  UNIMPLEMENTED: 'Unimplemented',
  INTERNAL: 'Internal',
  UNAVAILABLE: 'Unavailable',
  DATA_LOSS: 'DataLoss',
  UNAUTHENTICATED: 'Unauthenticated',
}

/** An error as etcdctl prints it: etcd's own texts alone, others with their code. */
export function errorText(error: unknown): string {
  if (!(error instanceof KvsError)) return error instanceof Error ? error.message : String(error)
  if (/^(etcdserver: |context |the )/.test(error.message) || error.endpoint === undefined) return error.message
  return `rpc error: code = ${goCodes[error.code]} desc = ${error.message}`
}
