#!/usr/bin/env node
/** The program: hands the process over to `runCtl`, and its answer back. */
import { type CtlIo, runCtl } from '../src/index.ts'

const interrupt = new AbortController()

/** Standard input is opened by looking at it, which takes a while. */
let inputOpen = false

function openInput(): typeof process.stdin {
  inputOpen = true
  return process.stdin
}

/** Lines of standard input. `node:readline` is slow to load, and few commands need it. */
async function* readLines(): AsyncGenerator<string, void, undefined> {
  const { createInterface } = await import('node:readline')
  yield* createInterface({ input: openInput(), terminal: false })
}

/** Reads a line without showing it; on a terminal each key is taken as it comes. */
async function askSecret(prompt: string): Promise<string> {
  const { stderr } = process
  const stdin = openInput()
  stderr.write(prompt)
  if (!stdin.isTTY) {
    for await (const line of readLines()) return line
    throw new Error('no password was given')
  }
  let typed = ''
  stdin.setRawMode(true)
  try {
    for await (const chunk of stdin) {
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n' || key === '\u0004') return typed
        if (key === '\u0003') throw new Error('interrupted')
        typed = key === '\u007f' ? typed.slice(0, -1) : typed + key
      }
    }
    return typed
  } finally {
    stdin.setRawMode(false)
    stderr.write('\n')
  }
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of openInput()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const io: CtlIo = {
  args: process.argv.slice(2),
  env: process.env,
  out: chunk => void process.stdout.write(chunk),
  err: chunk => void process.stderr.write(chunk),
  readInput,
  readLines,
  askSecret,
  interrupted: interrupt.signal,
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
// A reader that has seen enough (`kvsctl get … | head`) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

async function main(): Promise<void> {
  process.exitCode = await runCtl(io)
  // A watch that reads its commands may have been interrupted.
  if (inputOpen) process.stdin.unref?.()
}

void main()
