/** C programs of this folder, made where a compiler is installed. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Compiles `NAME.c` of this folder into `folder`; returns what it made. */
export function compileC(name: string, folder: string, flags: readonly string[] = []): string {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url))
  const target = join(folder, name)
  run('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', target, source, ...flags])
  return target
}

/** Runs a program to its end; throws with what it says if that is a bad one. */
export function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** Why no C program can be made here; undefined if it can. */
export function whyNoCompiler(): string | undefined {
  return spawnSync('cc', ['--version']).status === 0 ? undefined : 'cc is not installed'
}
