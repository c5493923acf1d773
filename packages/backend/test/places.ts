import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { MemoryBackend, MemoryStates, openMemory } from '@kvs/backend/memory'
import { contractBuckets as buckets, type ContractPlace } from '@kvs/backend/testing'
import { SeededRandom } from '@kvs/testing'
import { memFs } from '@kvs/vfs'

/** LMDB in a folder of its own; a crash is a copy of the file at that moment. */
export async function lmdbPlace(): Promise<ContractPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-backend-'))
  let path = join(folder, '0', 'db')
  let crashes = 0
  return {
    open: () => openLmdb({ path, buckets }),
    get path() {
      return path
    },
    names: async () => readdirSync(dirname(path)).sort(),
    async crash(backend) {
      crashes++
      const left = join(folder, `crash-${crashes}`)
      copyFileSync(path, left)
      await backend.close()
      path = left
      return await openLmdb({ path, buckets })
    },
    pathOf: name => join(folder, name),
    openCopy: at => openLmdb({ path: at, buckets }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Memory backends behind files of a simulated disk. */
export async function memoryPlace(): Promise<ContractPlace> {
  const fs = memFs()
  const states = new MemoryStates()
  const random = new SeededRandom(1)
  const open = (path: string) => openMemory({ fs, path, buckets, states, random })
  return {
    open: () => open('/db'),
    path: '/db',
    names: () => fs.readDir('/'),
    async crash(backend) {
      if (!(backend instanceof MemoryBackend)) throw new Error('not a memory backend')
      return await open('/db')
    },
    pathOf: name => `/${name}`,
    openCopy: open,
    remove: async () => {},
  }
}
