// @ts-check
// Benches and proofs are programs that lie in a folder of that name; this finds them and runs one.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, workspaceRoot } from './command.mjs'

/**
 * @typedef {object} NamedProgram
 * @property {string} name such as `raft/step`, or `step` for those in `tools/`
 * @property {string} file absolute
 */

/**
 * @param {string} kind `bench` or `proof`
 * @returns {NamedProgram[]} those of the packages first
 */
export function listPrograms(kind) {
  /** @type {NamedProgram[]} */
  const programs = []
  for (const group of ['packages', 'apps']) {
    for (const owner of readdirSync(join(workspaceRoot, group)).sort()) {
      programs.push(...programsIn(join(workspaceRoot, group, owner, kind), kind, `${owner}/`))
    }
  }
  return [...programs, ...programsIn(join(workspaceRoot, 'tools', kind), kind, '')]
}

/**
 * A package's folder may hold other modules beside its programs, which end in `.bench.ts`, `.proof.mjs` and so on;
 * in `tools/` the kind may be left out of the name.
 * @param {string} folder
 * @param {string} kind
 * @param {string} prefix
 * @returns {NamedProgram[]}
 */
function programsIn(folder, kind, prefix) {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).sort()
  const endings =
    prefix === '' || kind === 'proof' ? [`.${kind}.mjs`, `.${kind}.ts`, '.mjs', '.ts'] : [`.${kind}.mjs`, `.${kind}.ts`]
  return names.flatMap(name => {
    const ending = endings.find(candidate => name.endsWith(candidate))
    return ending === undefined ? [] : [{ name: prefix + name.slice(0, -ending.length), file: join(folder, name) }]
  })
}

/**
 * Runs a program with Node; a TypeScript one is bundled from source first.
 * @param {NamedProgram} program
 * @param {readonly string[]} args
 * @param {(chunk: string) => void} onOutput
 * @returns {Promise<number>} its exit status
 */
export async function runProgram(program, args, onOutput) {
  if (program.file.endsWith('.mjs')) return runNode(program.file, args, onOutput)
  // Loaded late: a machine where nothing is installed yet has no esbuild.
  const { bundleProgram } = await import('../workspace/bundle.mjs')
  const folder = mkdtempSync(join(tmpdir(), 'kvs-program-'))
  try {
    const outfile = join(folder, 'program.mjs')
    const errors = await bundleProgram({ root: workspaceRoot, outfile, from: { file: program.file } })
    if (errors.length > 0) throw new Error(errors.join('\n'))
    return await runNode(outfile, args, onOutput)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {(chunk: string) => void} onOutput
 * @returns {Promise<number>}
 */
async function runNode(file, args, onOutput) {
  const { status, stderr } = await runCommand(
    process.execPath,
    ['--enable-source-maps', '--expose-gc', file, ...args],
    {
      onOutput,
    },
  )
  if (stderr !== '') process.stderr.write(stderr)
  return status
}
