/**
 * `kvsctl`, the command line client: etcdctl's commands, flags, output and exit codes, for kvs and etcd.
 *
 * The program is `bin/kvsctl.ts`; this door is for those who want to run a command line in their own process. They give a
 * `CtlIo` and get the exit status; the process itself (arguments, streams, signals) is touched by nobody else.
 *
 * ```ts
 * const status = await runCtl({ args: ['get', 'greeting'], env: {}, out: chunk => process.stdout.write(chunk), … })
 * ```
 */
export { CtlError, type CtlErrorCode, exitCode } from './errors.ts'
export type { CtlIo } from './io.ts'
export { runCtl } from './program.ts'
