import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseScript, runScript, type ScriptCase, settleScript } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import { confChangeScript, quorumScript } from '../src/testing.ts'

/** The golden scripts are data of another project: they lie beside the repository, or where the environment says. */
const beside = new URL('../../../../shared/testdata/raft', import.meta.url).pathname
const root = process.env['KVS_RAFT_TESTDATA'] ?? beside

function goldenScripts(folder: string, handlerOf: () => (directive: ScriptCase) => string): void {
  const path = join(root, folder)
  if (!existsSync(path)) {
    test.skip(`SKIPPED: no golden scripts of ${folder}: set KVS_RAFT_TESTDATA, there is no ${path}`, () => {})
    return
  }
  describe(folder, () => {
    const files = readdirSync(path).filter(name => name.endsWith('.txt'))
    let directives = 0
    test.each(files)('%s', name => {
      const script = parseScript({ name, text: readFileSync(join(path, name), 'utf8') })
      directives += settleScript(runScript(script, handlerOf())).directives
    })
    test('all files ran', () => {
      expect(files.length).toBeGreaterThan(0)
      console.log(`golden scripts of ${folder}: ${files.length} files, ${directives} directives matched`)
    })
  })
}

goldenScripts('quorum', () => quorumScript)
goldenScripts('confchange', confChangeScript)
