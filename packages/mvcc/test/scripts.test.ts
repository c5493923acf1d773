import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseScript, runScript, settleScript } from '@kvs/testing'
import { describe, expect, it } from 'vitest'
import { ScriptWorld } from './script-world.ts'

const folder = join(import.meta.dirname, 'testdata')
const names = readdirSync(folder).filter(name => name.endsWith('.txt'))

describe('golden scripts', () => {
  it.each(names)('%s', name => {
    const file = join(folder, name)
    const world = new ScriptWorld()
    const script = parseScript({ name, text: readFileSync(file, 'utf8') })
    expect(script.cases.length).toBeGreaterThan(0)
    const result = runScript(script, directive => world.run(directive))
    settleScript(result, process.env['KVS_REWRITE'] === '1' ? text => writeFileSync(file, text) : undefined)
  })
})
