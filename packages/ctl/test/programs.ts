/** Runs command line programs and tells what they said. */
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { type CtlIo, runCtl } from '../src/index.ts'

export interface Said {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly input?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Ends the program once it has printed so many lines: for those that never end. */
  readonly lines?: number | undefined
}

export function run(program: readonly string[], options: RunOptions = {}): Promise<Said> {
  const [command = '', ...args] = program
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', ...options.env }
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      out += text
      if (options.lines !== undefined && out.split('\n').length > options.lines) child.kill('SIGKILL')
    })
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      err += text
    })
    child.once('error', reject)
    child.once('close', status => resolve({ status, out, err }))
    child.stdin.on('error', () => {
      // The program ended without reading its input.
    })
    child.stdin.end(options.input ?? '')
  })
}

/** The same for `kvsctl`, in this process: what it says must not depend on that, and it saves the start of a Node each time. */
export async function runInProcess(args: readonly string[], options: RunOptions = {}): Promise<Said> {
  const interrupt = new AbortController()
  let out = ''
  let err = ''
  const text = (chunk: string | Uint8Array): string => Buffer.from(chunk as Uint8Array).toString('latin1')
  const io: CtlIo = {
    args,
    env: { PATH: process.env['PATH'], ...options.env },
    out: chunk => {
      out += text(chunk)
      if (options.lines !== undefined && out.split('\n').length > options.lines) interrupt.abort()
    },
    err: chunk => {
      err += text(chunk)
    },
    readInput: () => Promise.resolve(Buffer.from(options.input ?? '')),
    readLines: () => linesOf(options.input ?? ''),
    askSecret: () => Promise.resolve(''),
    interrupted: interrupt.signal,
  }
  const status = await runCtl(io)
  return { status, out, err }
}

async function* linesOf(input: string): AsyncGenerator<string, void, undefined> {
  const lines = input.split('\n')
  yield* lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** `kvsctl` as it is published, made of the sources as they are. */
export async function bundleKvsctl(): Promise<readonly string[]> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'kvsctl-')), 'kvsctl.cjs')
  await build({
    entryPoints: [join(import.meta.dirname, '../bin/kvsctl.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    conditions: ['@kvs/source'],
    outfile,
    logLevel: 'warning',
  })
  return [process.execPath, outfile]
}
