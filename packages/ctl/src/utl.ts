/**
 * `kvsutl`, the tool for the files of a member that does not run: etcdutl's commands, flags, output and exit codes, and a few
 * of its own. The program is `bin/kvsutl.ts`; this door is for those who want to run a command line in their own process.
 *
 * ```ts
 * const status = await runUtl({ args: ['snapshot', 'status', 'backup.db'], out: chunk => process.stdout.write(chunk), … })
 * ```
 */
export { runUtl, type UtlIo } from './utl/program.ts'
