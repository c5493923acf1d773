// @ts-check
// npm start [-- flags]: installs, builds the server and becomes it. The data folder is the server's own default,
// `default.etcd` where it was started.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { fail, workspaceRoot } from './command.mjs'

const program = join(workspaceRoot, 'apps', 'server', 'dist', 'main.js')

await build(['--filter=@kvs/app-server']).catch(fail)
if (!existsSync(program)) fail('the build made no apps/server/dist/main.js')

// The server runs in this very process, so that signals reach it once and its exit status is ours: a parent in
// between would see Ctrl-C together with its child and had to guess which signals to pass on.
process.argv = [process.execPath, program, ...process.argv.slice(2)]
await import(pathToFileURL(program).href)
