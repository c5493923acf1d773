// @ts-check
// The examples in READMEs: every fenced `js` or `ts` block that is not marked `no-run` is a program that must end well.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCommand } from '../run/command.mjs'
import { bundleProgram } from '../workspace/bundle.mjs'
import { isFile, listPackages, shownPath } from '../workspace/packages.mjs'
import { problemAt } from './problem.mjs'

/** @typedef {import('./problem.mjs').Problem} Problem */

/** An example shows something and finishes by itself; one that waits for ever is wrong. */
export const exampleTimeoutMs = 30_000

/**
 * @typedef {object} Example
 * @property {string} file absolute path of the README
 * @property {number} line of the opening fence
 * @property {boolean} typescript
 * @property {string} text
 */

/**
 * @param {string} file absolute path of a Markdown file
 * @returns {Example[]}
 */
export function examplesIn(file) {
  const lines = readFileSync(file, 'utf8').split('\n')
  /** @type {Example[]} */
  const examples = []
  for (let at = 0; at < lines.length; at++) {
    const opening = /^(`{3,})\s*(\S*)(.*)$/.exec(lines[at] ?? '')
    if (opening === null) continue
    const [, fence = '', language = '', remarks = ''] = opening
    const end = lines.findIndex((line, index) => index > at && line.trimEnd() === fence)
    const close = end < 0 ? lines.length : end
    if (['js', 'ts', 'mjs', 'mts'].includes(language) && !/\bno-run\b/.test(remarks)) {
      const text = lines.slice(at + 1, close).join('\n')
      examples.push({ file, line: at + 1, typescript: language.endsWith('ts'), text })
    }
    at = close
  }
  return examples
}

/**
 * @param {string} root
 * @param {Example} example
 * @returns {Promise<Problem | undefined>}
 */
async function runExample(root, { file, line, typescript, text }) {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-example-'))
  try {
    // The empty lines make a stack trace point at the README's own lines.
    const padded = '\n'.repeat(line) + text
    const outfile = join(folder, 'example.mjs')
    const from = { text: padded, shownAs: shownPath(root, file), folder: dirname(file), typescript }
    const errors = await bundleProgram({ root, outfile, from })
    if (errors.length > 0) return problemAt(root, file, `example: ${errors.join('; ')}`, line)
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
    const { status, stdout, stderr } = await runCommand(process.execPath, ['--enable-source-maps', outfile], {
      cwd: folder,
      timeoutMs: exampleTimeoutMs,
    })
    if (status === 0) return undefined
    const why = status === 124 ? `did not end within ${exampleTimeoutMs / 1000} s` : `ended with status ${status}`
    return problemAt(root, file, `example: ${why}: ${lastLines(stderr || stdout)}`, line)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} text
 * @returns {string} the part of a program's complaint that fits a report
 */
export function lastLines(text) {
  const lines = text
    .trim()
    .split('\n')
    .filter(line => !/^\s+at /.test(line))
  const error = lines.findIndex(line => /^\S*Error\b/.test(line))
  return (error < 0 ? lines.slice(-6) : lines.slice(error, error + 6)).join('\n    ')
}

/** @type {import('./problem.mjs').Check} */
export const examples = {
  name: 'examples',
  rule: 'the examples in the READMEs run against the sources',
  async run(root) {
    /** @type {Problem[]} */
    const problems = []
    for (const { path, folder, manifest } of listPackages(root)) {
      const readme = join(folder, 'README.md')
      const isPublic = manifest.private !== true
      if (!isFile(readme)) {
        if (isPublic) problems.push({ file: `${path}/README.md`, message: 'example: the README is missing' })
      } else if (isPublic && examplesIn(readme).length === 0) {
        problems.push({ file: `${path}/README.md`, message: 'example: no js or ts block that can be run' })
      }
    }
    const readmes = [root, ...listPackages(root).map(({ folder }) => folder)].map(folder => join(folder, 'README.md'))
    for (const example of readmes.filter(isFile).flatMap(examplesIn)) {
      const problem = await runExample(root, example)
      if (problem !== undefined) problems.push(problem)
    }
    return problems
  },
}
