import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultFs, memFs, nodeFs, traceFs } from '@kvs/vfs'
import { type FsFactory, fsContract } from '@kvs/vfs/testing'
import { describe, test } from 'vitest'

/** An own folder on the real disk. */
async function onDisk(): ReturnType<FsFactory> {
  const root = await mkdtemp(join(tmpdir(), 'kvs-vfs-'))
  return { fs: nodeFs(), root, dispose: () => rm(root, { recursive: true }) }
}

const implementations: Readonly<Record<string, FsFactory>> = {
  'node file system': onDisk,
  'memory file system': async () => ({ fs: memFs(), root: '/' }),
  'memory file system with slow calls': async () => ({
    fs: memFs({ schedule: (_call, done) => setImmediate(done) }),
    root: '/',
  }),
  'memory file system after a crash': async () => ({ fs: memFs().crash({ mode: 'lose-all' }), root: '/' }),
  'tracing over memory': async () => ({ fs: traceFs(memFs(), { sink: () => undefined }), root: '/' }),
  'tracing over node': async () => {
    const subject = await onDisk()
    return { ...subject, fs: traceFs(subject.fs, { sink: () => undefined, root: subject.root }) }
  },
  'faulty without faults over memory': async () => ({ fs: faultFs(memFs()), root: '/' }),
  'faulty without faults over node': async () => {
    const subject = await onDisk()
    return { ...subject, fs: faultFs(subject.fs) }
  },
}

for (const [name, factory] of Object.entries(implementations)) {
  describe(name, () => {
    for (const { name: title, run } of fsContract(factory)) test(title, run)
  })
}
