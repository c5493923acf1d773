import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'

/** The example of the README runs where there is no Node: raft is usable in a browser as it is. */

const executablePath = process.env['KVS_CHROMIUM'] ?? '/usr/bin/chromium'
const root = fileURLToPath(new URL('..', import.meta.url))
const expected = ['1 leader hello', '2 follower hello', '3 follower hello']

/** An expression whose value is what the example prints. */
let program = ''

beforeAll(async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const contents = /```js\n(.*?)```/s.exec(readme)?.[1]
  if (contents === undefined) throw new Error('README.md has no js block')
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, sourcefile: 'README.md' },
    alias: { '@kvs/raft': join(root, 'src/index.ts') },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
  })
  const print = "const lines = []; const console = { log: (...words) => lines.push(words.map(String).join(' ')) };"
  program = `(() => { ${print}\n${outputFiles[0]?.text}\nreturn lines })()`
})

test('the example needs nothing but the language and TextEncoder', () => {
  const lines: string[] = runInNewContext(program, { TextEncoder, TextDecoder })
  expect([...lines]).toEqual(expected)
})

if (existsSync(executablePath)) {
  test('the example runs in Chromium', async () => {
    const profile = mkdtempSync(join(tmpdir(), 'kvs-raft-chromium-'))
    try {
      const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']
      const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args })
      try {
        const page = await browser.newPage()
        expect(await page.evaluate<string[]>(program)).toEqual(expected)
      } finally {
        await browser.close()
      }
    } finally {
      rmSync(profile, { recursive: true, force: true })
    }
  })
} else {
  test.skip(`SKIPPED: there is no Chromium at ${executablePath}; KVS_CHROMIUM may name another`, () => {})
}
