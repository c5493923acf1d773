#!/usr/bin/env node
/** The program: hands the process over to `runCtl`, and its answer back. */
import { createInterface } from 'node:readline'
import { type CtlIo, runCtl } from '../src/index.ts'

const interrupt = new AbortController()

function askSecret(prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdin, stderr } = process
    stderr.write(prompt)
    const lines = createInterface({ input: stdin, output: stdin.isTTY ? undefined : undefined, terminal: false })
    if (stdin.isTTY) stdin.setRawMode(true)
    let typed = ''
    const finish = (): void => {
      if (stdin.isTTY) stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
    }
    if (!stdin.isTTY) {
      lines.once('line', line => {
        lines.close()
        finish()
        resolve(line)
      })
      lines.once('close', () => reject(new Error('no password was given')))
      return
    }
    lines.close()
    stdin.resume()
    const onData = (chunk: Buffer): void => {
      for (const character of chunk.toString()) {
        if (character === '\r' || character === '\n' || character === '\u0004') {
          stdin.off('data', onData)
          finish()
          resolve(typed)
          return
        }
        if (character === '\u0003') {
          stdin.off('data', onData)
          finish()
          reject(new Error('interrupted'))
          return
        }
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
    }
    stdin.on('data', onData)
  })
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const io: CtlIo = {
  args: process.argv.slice(2),
  env: process.env,
  out: chunk => void process.stdout.write(chunk),
  err: chunk => void process.stderr.write(chunk),
  readInput,
  readLines: () => createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator](),
  askSecret,
  interrupted: interrupt.signal,
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
// A reader that has seen enough (`kvsctl get … | head`) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCtl(io)
// Standard input may be open still (a watch that read its commands from it).
process.stdin.unref?.()
