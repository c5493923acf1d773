import { watchClose } from './close-hook.ts'
import { NetError } from './errors.ts'
import type { Listen, Pipe } from './pipe.ts'

export interface LimitOptions {
  /** A connection was dropped because `maxConnections` are open. */
  readonly onDropped?: (remote: string) => void
}

/**
 * `listen` with a cap on the connections that all its listeners together hold open. One more is accepted and dropped
 * at once, so that it costs a file descriptor for a moment only and its client learns of it.
 */
export function limitConnections(listen: Listen, maxConnections: number, options: LimitOptions = {}): Listen {
  let open = 0
  const accepting = (accept: (pipe: Pipe) => void) => (pipe: Pipe) => {
    if (open >= maxConnections) {
      options.onDropped?.(pipe.info.remote)
      pipe.destroy(new NetError('LIMIT', `connection from ${pipe.info.remote}: ${maxConnections} are open already`))
      return
    }
    open++
    accept(
      watchClose(pipe, () => {
        open--
      }),
    )
  }
  return (address, accept) => listen(address, accepting(accept))
}
