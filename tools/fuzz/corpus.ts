import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Inputs of a target that together reach what was ever reached: one per line, Base64. */
function fileOf(folder: string, name: string): string {
  return join(folder, 'corpus', `${name}.txt`)
}

export function readCorpus(folder: string, name: string): Uint8Array[] {
  const file = fileOf(folder, name)
  if (!existsSync(file)) return []
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter(line => line !== '')
    .map(line => new Uint8Array(Buffer.from(line, 'base64')))
}

export function writeCorpus(folder: string, name: string, corpus: readonly Uint8Array[]): void {
  mkdirSync(join(folder, 'corpus'), { recursive: true })
  const lines = corpus.map(input => `${Buffer.from(input).toString('base64')}\n`)
  writeFileSync(fileOf(folder, name), lines.join(''))
}
