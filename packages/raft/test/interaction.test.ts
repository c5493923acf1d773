import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseScript, runScript, ScriptError, settleScript } from '@kvs/testing'
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

describe('scripts that cannot be read are refused', () => {
  const run = (text: string): unknown => runScript(parseScript({ name: 'bad', text }), interactionScript())
  const two = 'add-nodes 2 voters=(1,2) index=10\n----\n\n'
  test.each([
    ['unknown command', 'fly 1\n----\n'],
    ['unknown argument', 'add-nodes 1 voters=(1) index=10 colour=red\n----\n'],
    ['no node', `${two}campaign 3\n----\n`],
    ['no id', `${two}campaign one\n----\n`],
    ['a log that begins at 1', 'add-nodes 1 voters=(1) index=1\n----\n'],
    ['neither true nor false', 'add-nodes 1 voters=(1) index=10 prevote=maybe\n----\n'],
    ['unknown type', `${two}deliver-msgs 1 type=MsgNone\n----\n`],
    ['delivered and dropped', `${two}deliver-msgs 1 drop=(1)\n----\n`],
    ['a v1 change of two', `${two}propose-conf-change 1 v1=true\nv3 v4\n----\n`],
    ['unknown level', 'log-level loud\n----\n'],
  ])('%s', (_, text) => {
    expect(() => run(text)).toThrow(ScriptError)
  })
})
