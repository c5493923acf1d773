import * as assert from 'node:assert/strict'
import { VfsError, type VfsErrorCode } from './errors.ts'
import type { File, Fs, OpenMode } from './fs.ts'

/** A fresh file system and an empty directory in it. */
export interface FsUnderTest {
  readonly fs: Fs
  readonly root: string
  /** Cleans up after a case. */
  readonly dispose?: () => Promise<void>
}

export type FsFactory = () => Promise<FsUnderTest>

/** One test. `run` rejects if the implementation breaks the contract. */
export interface FsCase {
  readonly name: string
  run(): Promise<void>
}

/** What a case works with: paths below the empty directory, and files that are closed after the case. */
export class CaseContext {
  readonly fs: Fs
  readonly root: string
  readonly #files: File[] = []

  constructor(subject: FsUnderTest) {
    this.fs = subject.fs
    this.root = subject.root
  }

  path(name: string): string {
    return this.root.endsWith('/') ? this.root + name : `${this.root}/${name}`
  }

  async open(name: string, mode: OpenMode): Promise<File> {
    const file = await this.fs.open(this.path(name), { mode })
    this.#files.push(file)
    return file
  }

  /** Makes a file with this text. */
  async put(name: string, text: string): Promise<void> {
    const file = await this.open(name, 'create')
    await file.write(encode(text), 0)
    await file.close()
  }

  async text(name: string): Promise<string> {
    return readText(await this.open(name, 'read'))
  }

  async closeAll(): Promise<void> {
    for (const file of this.#files) await file.close()
  }
}

export type Check = (at: CaseContext) => Promise<void>
export type NamedCheck = readonly [name: string, check: Check]

export function contractCase(factory: FsFactory, name: string, check: Check): FsCase {
  const run = async (): Promise<void> => {
    const subject = await factory()
    const context = new CaseContext(subject)
    try {
      await check(context)
    } finally {
      await context.closeAll()
      await subject.dispose?.()
    }
  }
  return { name, run }
}

export async function readText(file: File): Promise<string> {
  const bytes = new Uint8Array((await file.sizeBytes()) + 1)
  const count = await file.read(bytes, 0)
  return new TextDecoder().decode(bytes.subarray(0, count))
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Expects a `VfsError` with this code. */
export async function expectCode(code: VfsErrorCode, call: () => unknown): Promise<void> {
  let error: unknown
  try {
    await call()
  } catch (caught) {
    error = caught
  }
  assert.ok(error instanceof VfsError, `expected a VfsError ${code}, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  assert.ok(error.message.includes(error.path), `the message must name the path: ${error.message}`)
}
