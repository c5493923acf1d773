#!/usr/bin/env node
/** The program: hands the process over to `runUtl`, and its answer back. */
import { runUtl } from '../src/utl.ts'

// A reader that has seen enough (`kvsutl wal dump … | head`) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

async function main(): Promise<void> {
  process.exitCode = await runUtl({
    args: process.argv.slice(2),
    out: chunk => void process.stdout.write(chunk),
    err: chunk => void process.stderr.write(chunk),
  })
}

void main()
