// @ts-check
// Makes the two programs. `dist/kvsctl.cjs` is one file without dependencies that starts fast: CommonJS, for Node's loader of
// modules takes longer than all of ours. `dist/kvsutl.mjs` is one file beside the two native parts that work on disks.
import { build } from 'esbuild'

/**
 * commander loads `child_process` for a feature that is not used here, which costs a fifth of the time to start. It gets
 * the module when it first asks for a part of it.
 * @type {import('esbuild').Plugin}
 */
const childProcessLater = {
  name: 'child-process-later',
  setup(bundler) {
    bundler.onResolve({ filter: /^(node:)?child_process$/ }, ({ kind, path }) =>
      kind === 'require-call' ? { path, namespace: 'later' } : undefined,
    )
    bundler.onLoad({ filter: /.*/, namespace: 'later' }, () => ({
      contents: `module.exports = { get spawn() { return process.getBuiltinModule('node:child_process').spawn } }`,
    }))
  },
}

await build({
  entryPoints: ['bin/kvsctl.ts'],
  outfile: 'dist/kvsctl.cjs',
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
  plugins: [childProcessLater],
})

await build({
  entryPoints: ['bin/kvsutl.ts'],
  outfile: 'dist/kvsutl.mjs',
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['lmdb', 'fs-native-extensions'],
  // Packages in CommonJS ask for Node's modules with `require`.
  banner: { js: "import{createRequire as kvsRequire}from'node:module';const require=kvsRequire(import.meta.url);" },
  logLevel: 'warning',
})
