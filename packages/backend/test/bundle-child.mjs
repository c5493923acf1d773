// Usage: node bundle-child.mjs SOURCE TARGET: makes a program for Node of a TypeScript one.
import { fileURLToPath } from 'node:url'
import { bundleProgram } from '../../../tools/workspace/bundle.mjs'

const [source = '', target = ''] = process.argv.slice(2)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const errors = await bundleProgram({ root, outfile: target, from: { file: source } })
for (const error of errors) console.error(error)
process.exitCode = errors.length
