// @ts-check
/**
 * Writes `docs/flags.md`: every flag of the server with its default, its other names, where it takes effect and what shows
 * that it does.
 *
 *   node tools/flags/main.mjs            writes
 *   node tools/flags/main.mjs --verify   fails if a row is not true any more, or one is missing
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { workspaceRoot } from '../run/command.mjs'
import { grouped, groupedSource, places } from './places.mjs'

const document = join(workspaceRoot, 'docs/flags.md')
const untold = new Set(['options.ts', 'embed.ts', 'start-line.ts', 'limits.ts', 'feature-gates.ts'])

/** @typedef {{ section: string, kind: string, key?: string, isFileOnly?: boolean }} Flag */
/** @typedef {{ name: string, fixed: readonly string[], source: string, test: string }} Row */

const { flags, helpText } = await loadFlags()
const help = helpText()
const options = optionNames()
const sources = filesBelow('packages/server/src').filter(file => !untold.has(file.split('/').at(-1) ?? ''))
const tests = [...filesBelow('packages/server/test'), ...filesBelow('apps/server/test')].filter(file =>
  file.endsWith('.test.ts'),
)

if (process.argv.includes('--verify')) verify()
else writeFileSync(document, textOf(Object.keys(flags).map(rowOf)))

/** @returns {Promise<{ flags: Record<string, Flag>, helpText: () => string }>} */
async function loadFlags() {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-flags-'))
  const outfile = join(folder, 'flags.mjs')
  try {
    const contents = "export { flags } from './flag-table.ts'; export { helpText } from './flags.ts'"
    const resolveDir = join(workspaceRoot, 'apps/server/src')
    await build({
      stdin: { contents, resolveDir },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Names of options by the flag that they are made of. @returns {Map<string, string>} */
function optionNames() {
  const text = read('apps/server/src/embed-options.ts')
  const found = [...text.matchAll(/(\w+): [^\n]*?values\.\w+\('([a-z0-9-]+)'\)/g)]
  return new Map(found.map(([, option = '', flag = '']) => [flag, option]))
}

/** @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  return readdirSync(join(workspaceRoot, folder), { recursive: true, encoding: 'utf8' })
    .map(file => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter(file => file.endsWith('.ts'))
    .sort()
}

/** @param {string} file */
function read(file) {
  return readFileSync(join(workspaceRoot, file), 'utf8')
}

/** @param {string} name @returns {string} */
function wordOf(name) {
  return grouped.test(name) ? 'discovery' : (places[name]?.word ?? options.get(name) ?? name)
}

/** @param {string} file @param {string} name */
function mentions(file, name) {
  if (!existsSync(join(workspaceRoot, file))) return false
  const text = read(file)
  return text.includes(`--${name}`) || new RegExp(`\\b${wordOf(name).replace('.', '\\.')}\\b`).test(text)
}

/** The default of a flag, as the help shows it. @param {string} name */
function defaultOf(name) {
  return new RegExp(`^  --${name} '(.*)'$`, 'm').exec(help)?.[1] ?? ''
}

/** @param {string} name @returns {Row} */
function rowOf(name) {
  const flag = /** @type {Flag} */ (flags[name])
  const { source, test, none } = places[name] ?? {}
  const found = grouped.test(name) ? groupedSource : sources.find(file => mentions(file, name))
  const shown = tests.find(file => mentions(file, name))
  const key = 'key' in flag ? flag.key : name
  const variable = `ETCD_${name.toUpperCase().replaceAll('-', '_')}`
  return {
    name,
    fixed: [
      flag.isFileOnly === true ? `(${name})` : `\`--${name}\``,
      defaultOf(name).replaceAll('|', '\\|') || '–',
      flag.isFileOnly === true ? '–' : `\`${variable}\``,
      key === undefined ? '–' : `\`${key}\``,
    ],
    source: none === undefined ? (source ?? found ?? 'carried in the options, no effect yet') : `none: ${none}`,
    test: test ?? shown ?? 'apps/server/test/flags.test.ts',
  }
}

/** @param {readonly Row[]} rows */
function textOf(rows) {
  const lines = [
    '# Flags of the server',
    '',
    'Every flag of `kvs`: those of etcd 3.7, with their defaults, and our own. Written by `node tools/flags/main.mjs`, which',
    '`npm run check` asks whether it is still true. Where a flag has no effect of its own, it says why.',
    '`apps/server/test/flags.test.ts`, `config-file.test.ts` and `start.test.ts` try every flag, variable and key.',
  ]
  let section = ''
  for (const row of rows) {
    const flag = /** @type {Flag} */ (flags[row.name])
    if (flag.section !== section) {
      section = flag.section
      lines.push('', `## ${section}`, '')
      lines.push(
        '| Flag | Default | Variable | Key in a config file | Takes effect in | Shown by |',
        '|---|---|---|---|---|---|',
      )
    }
    const place = (/** @type {string} */ said) => (/\.ts$/.test(said) ? `\`${said}\`` : said)
    lines.push(`| ${[...row.fixed, place(row.source), place(row.test)].join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}

/** Says what is not true; others may move and add files as long as those that are named still do what is said. */
function verify() {
  const text = existsSync(document) ? read('docs/flags.md') : ''
  const said = new Map(
    text.split('\n').flatMap(line => {
      const cells = line.split(/(?<!\\) \| /).map(cell => cell.replace(/^\| | \|$/g, ''))
      return cells.length === 6 ? [[cells[0] ?? '', cells]] : []
    }),
  )
  /** @type {string[]} */
  const problems = []
  for (const name of Object.keys(flags)) {
    const row = rowOf(name)
    const cells = said.get(row.fixed[0] ?? '')
    if (cells === undefined) problems.push(`${name} has no row`)
    else if (row.fixed.some((cell, i) => cell !== cells[i])) problems.push(`the row of ${name} is not that of the flag`)
    else
      problems.push(
        ...untrue(
          row,
          cells.slice(4).map(cell => cell.replaceAll('`', '')),
        ),
      )
  }
  for (const problem of problems) console.error(`docs/flags.md: ${problem}: run node tools/flags/main.mjs`)
  if (problems.length > 0) process.exitCode = 1
}

/** @param {Row} row @param {readonly string[]} said @returns {string[]} */
function untrue({ name, source, test }, [saidSource = '', saidTest = '']) {
  const problems = []
  if (!saidSource.endsWith('.ts') && saidSource !== source) problems.push(`what ${name} does is not said as it is`)
  for (const file of [saidSource, saidTest]) {
    const isGeneral = file === 'apps/server/test/flags.test.ts'
    if (file.endsWith('.ts') && !isGeneral && !mentions(file, name)) problems.push(`${file} says nothing of ${name}`)
  }
  if (!saidTest.endsWith('.ts') && saidTest !== test) problems.push(`what shows ${name} is not said as it is`)
  return problems
}
