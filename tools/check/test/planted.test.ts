// Every guard must be able to fail. A copy of the house with one package in it passes the checks; then one fault at a
// time is planted in it, and the check in question must name the file.
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workspaceRoot } from '../../run/command.mjs'
import { arrows } from '../arrows.mjs'
import { lint } from '../biome.mjs'
import { deadCode } from '../dead-code.mjs'
import { examples } from '../examples.mjs'
import { publicNames } from '../exports.mjs'
import { generated } from '../generated.mjs'
import { pack } from '../pack.mjs'
import type { Check, Problem } from '../problem.mjs'
import { purity } from '../purity.mjs'
import { wordsAndNames } from '../words.mjs'

/** The package that stands in the copy: pure, and without dependencies. */
const home = 'packages/lease'

let copy: string

beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'kvs-planted-')))
  const rootFiles = readdirSync(workspaceRoot, { withFileTypes: true }).filter(entry => entry.isFile())
  for (const { name } of rootFiles) {
    if (/\.(json|ts|yaml|md)$/.test(name)) cpSync(join(workspaceRoot, name), join(copy, name))
  }
  for (const folder of ['tools/run', 'tools/workspace', 'tools/check', home]) {
    cpSync(join(workspaceRoot, folder), join(copy, folder), {
      recursive: true,
      filter: path => !/\/(node_modules|dist|\.turbo)(\/|$)/.test(path.slice(workspaceRoot.length)),
    })
  }
  symlinkSync(join(workspaceRoot, 'node_modules'), join(copy, 'node_modules'))
  symlinkSync(join(workspaceRoot, home, 'node_modules'), join(copy, home, 'node_modules'))
})

afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

/** What `check` finds once `files` (path and text) are written over the copy, which is put right again afterwards. */
async function findWith(check: Check, files: Record<string, string>): Promise<Problem[]> {
  const folder = mkdtempSync(join(dirname(copy), 'kvs-kept-'))
  cpSync(join(copy, 'packages'), folder, { recursive: true, verbatimSymlinks: true })
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(copy, path)), { recursive: true })
      writeFileSync(join(copy, path), text)
    }
    return await check.run(copy)
  } finally {
    rmSync(join(copy, 'packages'), { recursive: true })
    cpSync(folder, join(copy, 'packages'), { recursive: true, verbatimSymlinks: true })
    rmSync(folder, { recursive: true })
  }
}

/** A function of exactly `lines` lines. */
function functionOf(lines: number): string {
  const body = Array.from({ length: lines - 4 }, () => '  total += 1')
  return ['export function planted(): number {', '  let total = 0', ...body, '  return total', '}', ''].join('\n')
}

const planted = `${home}/src/planted.ts`
const readme = (code: string): string => `# A package\n\n\`\`\`js\n${code}\n\`\`\`\n`

describe('the copy as it is', () => {
  const checks: Check[] = [arrows, purity, publicNames, wordsAndNames, lint, deadCode, examples]
  it.each(checks)('passes $name', async check => {
    expect(await check.run(copy)).toEqual([])
  })
})

interface Fault {
  fault: string
  check: Check
  files: Record<string, string>
  /** the file that must be named, with a piece of what is said about it */
  file: string
  says: string
}

const faults: Fault[] = [
  {
    fault: 'an import of a sibling',
    check: arrows,
    files: { [planted]: "export { RaftNode } from '@kvs/raft'\n" },
    file: planted,
    says: '@kvs/raft',
  },
  {
    fault: 'an import of a sibling that is only a type',
    check: arrows,
    files: { [planted]: "import type { Fs } from '@kvs/vfs'\n\nexport type Disk = Fs\n" },
    file: planted,
    says: '@kvs/vfs',
  },
  {
    fault: "an import of another package's file",
    check: arrows,
    files: { [planted]: "export { encode } from '../../proto/src/index.ts'\n" },
    file: planted,
    says: 'leaves the sources',
  },
  {
    fault: 'a package of others that no row allows',
    check: arrows,
    files: { [planted]: "import chalk from 'chalk'\n\nexport const red = chalk.red\n" },
    file: planted,
    says: 'chalk',
  },
  {
    fault: 'a dependency of package.json that no row allows',
    check: arrows,
    files: { 'packages/net/package.json': '{ "name": "@kvs/net", "dependencies": { "@kvs/proto": "workspace:^" } }\n' },
    file: 'packages/net/package.json',
    says: '@kvs/proto',
  },
  {
    fault: 'a dependency that the compiler is not told of',
    check: arrows,
    files: {
      'packages/snap/package.json': '{ "name": "@kvs/snap", "dependencies": { "@kvs/proto": "workspace:^" } }\n',
      'packages/snap/tsconfig.json': '{ "references": [{ "path": "../vfs" }] }\n',
    },
    file: 'packages/snap/tsconfig.json',
    says: 'no reference to proto',
  },
  {
    fault: 'a package without a row',
    check: arrows,
    files: { 'packages/drawer/package.json': '{ "name": "@kvs/drawer" }\n' },
    file: 'packages/drawer',
    says: 'no row',
  },
  {
    fault: 'a file that nobody imports',
    check: deadCode,
    files: { [planted]: 'export const planted: number = 1\n' },
    file: planted,
    says: 'nobody imports this file',
  },
  {
    fault: 'a function of 71 lines',
    check: lint,
    files: { [planted]: functionOf(71) },
    file: planted,
    says: 'noExcessiveLinesPerFunction',
  },
  {
    fault: 'a cycle of imports',
    check: lint,
    files: {
      [planted]: "import { back } from './planted-back.ts'\n\nexport const there: () => number = () => back()\n",
      [`${home}/src/planted-back.ts`]:
        "import { there } from './planted.ts'\n\nexport const back: () => number = () => there()\n",
    },
    file: planted,
    says: 'noImportCycles',
  },
  {
    fault: 'a timer in a pure package',
    check: purity,
    files: {
      [planted]: "const note = 'no setInterval'\nexport const later = (): unknown => setTimeout(() => note, 1)\n",
    },
    file: planted,
    says: 'setTimeout',
  },
  {
    fault: 'a clock in a pure package, declared by hand',
    check: purity,
    files: {
      [planted]: 'declare const performance: { now(): number }\nexport const now = (): number => performance.now()\n',
    },
    file: planted,
    says: 'performance',
  },
  {
    fault: 'chance in a pure package',
    check: purity,
    files: { [planted]: 'export const dice = (): number => Math.floor(6 * Math.random())\n' },
    file: planted,
    says: 'Math.random',
  },
  {
    fault: 'a Node module in a pure package',
    check: purity,
    files: { [planted]: "import { readFileSync } from 'node:fs'\n\nexport const read = readFileSync\n" },
    file: planted,
    says: 'node:fs',
  },
  {
    fault: 'an example that throws',
    check: examples,
    files: { [`${home}/README.md`]: readme("throw new Error('planted')") },
    file: `${home}/README.md`,
    says: 'planted',
  },
  {
    fault: 'an example that imports what does not exist',
    check: examples,
    files: { [`${home}/README.md`]: readme("import { planted } from '@kvs/lease/planted'\nplanted()") },
    file: `${home}/README.md`,
    says: 'no public door',
  },
  {
    fault: 'a name that two packages export',
    check: publicNames,
    files: {
      'packages/alone/package.json': '{ "name": "@kvs/alone" }\n',
      'packages/alone/src/index.ts': 'export interface Planted {\n  a: 1\n}\n',
      'packages/other/package.json': '{ "name": "@kvs/other" }\n',
      'packages/other/src/index.ts': "export { a, type B as Planted } from './planted.ts'\n",
    },
    file: 'packages/other/src/index.ts',
    says: 'Planted',
  },
  {
    fault: 'a drawer',
    check: wordsAndNames,
    files: { [`${home}/src/utils.ts`]: 'export {}\n' },
    file: `${home}/src/utils.ts`,
    says: 'drawer',
  },
  {
    fault: 'a mark of unfinished work',
    check: wordsAndNames,
    files: { [planted]: `// ${'TO'}${'DO'} later\n` },
    file: planted,
    says: 'unfinished',
  },
]

describe('the copy with a fault in it', () => {
  it.each(faults)('fails $check.name for $fault', async ({ check, files, file, says }) => {
    const problems = await findWith(check, files)
    expect(problems.map(problem => problem.file)).toContain(file)
    expect(problems.find(problem => problem.file === file)?.message).toContain(says)
  })

  it('passes lint for a function of 70 lines', async () => {
    const problems = await findWith(lint, { [planted]: functionOf(70) })
    expect(problems.filter(problem => problem.file === planted)).toEqual([])
  })

  it('passes purity for the same words where they mean something else', async () => {
    const text = [
      '/** Calls setTimeout never, nor Date.now. */',
      "export const text: string = 'setTimeout(1)' + `Math.random`",
      'export const process = (Buffer: number): number => Buffer + 1',
      'export const read = (clock: { Date: number }): number => clock.Date',
      'export type When = Date',
      '',
    ]
    expect(await findWith(purity, { [planted]: text.join('\n') })).toEqual([])
  })
})

describe('a package on its own', () => {
  it('passes pack with an example that needs only the package', async () => {
    const example = readme("import * as door from '@kvs/lease'\nconsole.log(Object.keys(door).length)")
    expect(await findWith(pack, { [`${home}/README.md`]: example })).toEqual([])
  })

  it('fails pack for an example that needs what the package does not bring along', async () => {
    const example = readme("import fc from 'fast-check'\nconsole.log(typeof fc.assert)")
    expect(await findWith(examples, { [`${home}/README.md`]: example })).toEqual([])
    const problems = await findWith(pack, { [`${home}/README.md`]: example })
    expect(problems.map(({ file }) => file)).toEqual([`${home}/README.md`])
    expect(problems[0]?.message).toContain("Cannot find package 'fast-check'")
  })
})

describe('generated code', () => {
  it('passes as it is and fails once it is edited', async () => {
    const root = mkdtempSync(join(tmpdir(), 'kvs-generated-'))
    try {
      for (const folder of ['tools/protogen', 'packages/proto/proto', 'packages/proto/src/gen']) {
        cpSync(join(workspaceRoot, folder), join(root, folder), {
          recursive: true,
          filter: path => !path.endsWith('/node_modules'),
        })
      }
      symlinkSync(join(workspaceRoot, 'tools/protogen/node_modules'), join(root, 'tools/protogen/node_modules'))
      expect(await generated.run(root)).toEqual([])
      appendFileSync(join(root, 'packages/proto/src/gen/raft.ts'), '// edited\n')
      expect(await generated.run(root)).toEqual([
        { file: 'packages/proto/src/gen/raft.ts', message: expect.stringContaining('differs') },
      ])
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})
