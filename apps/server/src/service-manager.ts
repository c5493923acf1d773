import { execFile } from 'node:child_process'
import { findProgram } from './journal.ts'

/** What systemd is told. */
export type ServiceState = 'READY=1' | 'STOPPING=1'

/**
 * Tells systemd how this service is (`Type=notify`), if it asks to know: through its program `systemd-notify`, for Node.js
 * has no datagram sockets of the file system. As that is another process, the unit needs `NotifyAccess=all`. Resolves to
 * what went wrong, if something did.
 */
export function tellServiceManager(
  state: ServiceState,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  if (!environment['NOTIFY_SOCKET']) return Promise.resolve(undefined)
  const program = findProgram('systemd-notify')
  if (program === undefined) return Promise.resolve('the program systemd-notify is not there')
  return new Promise(resolve => {
    execFile(program, [state], { timeout: notifyTimeoutMs }, error => resolve(error?.message))
  })
}
const notifyTimeoutMs = 5000
