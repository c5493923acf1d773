// @ts-check
// npm run cluster [-- --data-dir DIR] [-- member flags]: three members on this machine in one terminal. Builds, starts
// them, shows their logs behind their names, and ends them all on Ctrl-C. A member that ended is started again by typing
// its name. Data and ports stay in DIR (`./cluster`), so that the next start finds the same cluster.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from './build.mjs'
import { fail, workspaceRoot } from './command.mjs'

/** Where etcd's own cluster for trying out has its members; a taken port makes way for the next free one. */
const wantedPorts = [2379, 22379, 32379]
const colours = [36, 33, 35]
/** A member that has not ended by then is ended. */
const endMsMax = 5000

/** @typedef {{ readonly name: string, readonly client: number, readonly peer: number }} Place */

const isColoured = process.env['NO_COLOR'] === undefined && (process.stdout.isTTY || 'FORCE_COLOR' in process.env)

/**
 * @param {string} text
 * @param {number} colour an SGR number
 */
function paint(text, colour) {
  return isColoured ? `\u001b[${colour}m${text}\u001b[0m` : text
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise(answer => {
    const server = createServer()
    server.once('error', () => answer(false))
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)))
  })
}

/** @returns {Promise<Place[]>} */
async function choosePlaces() {
  /** @type {Place[]} */
  const places = []
  for (const wanted of wantedPorts) {
    let client = wanted
    while (!((await isFree(client)) && (await isFree(client + 1)))) client += 2
    places.push({ name: `kvs${places.length + 1}`, client, peer: client + 1 })
  }
  return places
}

/**
 * Members know one another by their ports, so a cluster keeps those it was founded with.
 * @param {string} folder
 * @returns {Promise<Place[]>}
 */
async function placesOf(folder) {
  const file = join(folder, 'ports.json')
  /** @type {string} */
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    const places = await choosePlaces()
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, `${JSON.stringify(places, undefined, 2)}\n`)
    return places
  }
  /** @type {Place[]} */
  const places = JSON.parse(text)
  for (const { client, peer } of places) {
    for (const port of [client, peer]) {
      if (!(await isFree(port))) throw new Error(`port ${port} of the cluster in ${folder} is taken by another program`)
    }
  }
  return places
}

/** One member: its process, and its log lines behind its name. */
class Member {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child
  /** @type {Promise<void>} */
  #ended = Promise.resolve()
  #isEnding = false
  /** @type {() => void} called when it says that it serves */
  onReady = () => {}
  #place
  #args
  #prefix

  /**
   * @param {Place} place
   * @param {number} colour
   * @param {readonly string[]} args
   */
  constructor(place, colour, args) {
    this.#place = place
    this.#args = args
    this.#prefix = paint(`${place.name} |`, colour)
  }

  get name() {
    return this.#place.name
  }

  get isRunning() {
    return this.#child !== undefined
  }

  get described() {
    return `${this.name}  pid ${this.#child?.pid}  clients http://127.0.0.1:${this.#place.client}  peers http://127.0.0.1:${this.#place.peer}`
  }

  /** @param {string} line */
  say(line) {
    console.log(`${this.#prefix} ${line}`)
  }

  start() {
    // A process group of its own: Ctrl-C reaches this program only, which ends each member once.
    const child = spawn(process.execPath, this.#args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', line => {
        this.say(line)
        if (line.includes('ready to serve client requests')) this.onReady()
      })
    }
    this.#ended = new Promise(done => {
      child.once('error', error => this.say(error.message))
      child.once('close', (status, signal) => {
        this.#child = undefined
        const hint = this.#isEnding ? '' : `; type ${this.name} and Enter to start it again`
        this.say(paint(`ended with ${signal ?? `status ${status}`}${hint}`, 31))
        done()
      })
    })
  }

  /** @returns {Promise<void>} */
  end() {
    const child = this.#child
    this.#isEnding = true
    if (child === undefined) return this.#ended
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), endMsMax)
    return this.#ended.finally(() => clearTimeout(timer))
  }
}

/**
 * @param {string} folder
 * @param {readonly Place[]} places
 * @param {readonly string[]} more
 */
function membersOf(folder, places, more) {
  const program = join(workspaceRoot, 'apps/server/dist/main.js')
  const cluster = places.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join()
  return places.map((place, at) => {
    const { name, client, peer } = place
    const args = [
      program,
      `--name=${name}`,
      `--data-dir=${join(folder, name)}`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=${cluster}`,
      '--initial-cluster-token=kvs-cluster',
      '--log-format=console',
      ...more,
    ]
    return new Member(place, colours[at % colours.length] ?? 0, args)
  })
}

/** @param {readonly Place[]} places @param {readonly Member[]} members */
function help(places, members) {
  const endpoints = places.map(({ client }) => `127.0.0.1:${client}`).join()
  const kvsctl = `node ${join(workspaceRoot, 'packages/ctl/dist/kvsctl.cjs')}`
  return [
    '',
    ...members.map(member => member.described),
    '',
    `try:    ${kvsctl} --endpoints=${endpoints} endpoint status --write-out=table`,
    `        etcdctl --endpoints=${endpoints} put greeting hello`,
    `kill:   kill -9 PID of a member; the others go on`,
    `start:  type its name (${members.map(({ name }) => name).join(', ')}) and Enter`,
    `        "?" and Enter shows this again; Ctrl-C ends all`,
    '',
  ].join('\n')
}

/**
 * @param {readonly string[]} argv
 * @returns {{ folder: string, more: string[] }}
 */
function parse(argv) {
  let folder = 'cluster'
  /** @type {string[]} */
  const more = []
  const words = [...argv]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, value] = /^--?data-dir(?:=(.*))?$/.exec(word) ?? [undefined, null]
    if (value === null) more.push(word)
    else folder = value ?? words.shift() ?? folder
  }
  return { folder: resolve(folder), more }
}

/** @param {readonly string[]} argv */
async function cluster(argv) {
  const { folder, more } = parse(argv)
  await build(['--filter=@kvs/app-server', '--filter=@kvs/ctl'])
  const places = await placesOf(folder)
  const members = membersOf(folder, places, more)
  const over = new Promise(done => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, done)
  })
  const ready = new Set()
  for (const member of members) {
    // Told when all serve: before, it would be lost among their first lines.
    member.onReady = () => {
      if (ready.size < members.length && ready.add(member).size === members.length) console.log(help(places, members))
    }
    member.start()
  }
  const input = createInterface({ input: process.stdin })
  input.on('line', line => {
    const word = line.trim()
    const member = members.find(({ name }) => name === word)
    if (member === undefined) console.log(help(places, members))
    else if (member.isRunning) member.say('runs already')
    else {
      member.start()
      console.log(member.described)
    }
  })
  await over
  input.close()
  process.stdin.destroy()
  await Promise.all(members.map(member => member.end()))
}

await cluster(process.argv.slice(2)).catch(fail)
