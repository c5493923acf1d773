import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseScript, runScript, settleScript } from '@kvs/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { interactionScript } from '../src/testing.ts'

/** Scripts of another project are data: they lie beside the repository, or where the environment says. */
const beside = fileURLToPath(new URL('../../../../shared/testdata/raft', import.meta.url))
const given = join(process.env['KVS_RAFT_TESTDATA'] ?? beside, 'interaction')
const own = fileURLToPath(new URL('testdata/interaction', import.meta.url))

/** Runs every script of a folder; `rewritable`: KVS_REWRITE=1 writes what they print into them. */
function scriptsOf(folder: string, name: string, rewritable: boolean): void {
  describe(name, () => {
    const files = readdirSync(folder).filter(file => file.endsWith('.txt'))
    let matched = 0
    let directives = 0
    test.each(files)('%s', file => {
      const path = join(folder, file)
      const script = parseScript({ name: file, text: readFileSync(path, 'utf8') })
      const result = runScript(script, interactionScript())
      const rewrite = rewritable && process.env['KVS_REWRITE'] === '1'
      settleScript(result, rewrite ? text => writeFileSync(path, text) : undefined)
      matched++
      directives += result.directives
    })
    test('there are scripts', () => {
      expect(files.length).toBeGreaterThan(0)
    })
    afterAll(() => {
      console.log(`${name}: ${matched} of ${files.length} files matched, ${directives} directives`)
    })
  })
}

if (existsSync(given)) scriptsOf(given, 'given scripts of clusters', false)
else test.skip(`SKIPPED: no given scripts of clusters: set KVS_RAFT_TESTDATA, there is no ${given}`, () => {})

if (existsSync(own)) scriptsOf(own, 'own scripts of clusters', true)
