import type { Backend } from '@kvs/backend'
import type { MemberOptions } from '../options.ts'
import type { Logger } from '../parts.ts'

/** Defragments the state file before anything else is done, if that frees as much as `--bootstrap-defrag-threshold-megabytes`. */
export async function defragmentAtStart(
  backend: Backend,
  { bootstrapDefragThresholdMegabytes }: MemberOptions,
  logger: Logger,
): Promise<void> {
  if (bootstrapDefragThresholdMegabytes === 0) return
  const { fileBytes, inUseBytes } = backend.sizes()
  const thresholdBytes = bootstrapDefragThresholdMegabytes * 1024 * 1024
  const fields = {
    'current-db-size-bytes': fileBytes,
    'current-db-size-in-use-bytes': inUseBytes,
    'bootstrap-defrag-threshold-bytes': thresholdBytes,
  }
  if (fileBytes - inUseBytes < thresholdBytes) return logger.info('Skipping defragmentation', fields)
  logger.info('defragmenting', fields)
  await backend.defragment()
  const after = backend.sizes()
  logger.info('finished defragmenting directory', {
    'current-db-size-bytes-diff': after.fileBytes - fileBytes,
    'current-db-size-bytes': after.fileBytes,
    'current-db-size-in-use-bytes': after.inUseBytes,
  })
}
