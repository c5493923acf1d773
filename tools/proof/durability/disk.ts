/** A disk of its own for a server: an ext4 file system in a file, mounted for this process alone, whose power can be cut. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compileC, run } from './compile.ts'

/** Tells the program that it already runs among mounts of its own. */
const namespaceVariable = 'KVS_PROOF_OWN_MOUNTS'
const unmountTriesMax = 100
const unmountPauseMs = 20

/**
 * Runs this program again where its mounts are seen by nobody else and vanish with it. Returns false if this is already
 * that run, and the caller goes on; true once the other run is over.
 */
export function runsAmongOwnMounts(): boolean {
  if (process.env[namespaceVariable] !== undefined) return false
  const args = ['--mount', '--propagation', 'private', '--', process.execPath, ...process.execArgv]
  const { status } = spawnSync('unshare', [...args, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [namespaceVariable]: '1' },
  })
  process.exitCode = status ?? 1
  return true
}

/** Why power cannot be cut here; undefined if it can. */
export function whyNoPowerCuts(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root, for loop mounts'
  for (const program of ['cc', 'mkfs.ext4', 'mount', 'umount', 'unshare']) {
    if (spawnSync('which', [program]).status !== 0) return `${program} is not installed`
  }
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices'
  return undefined
}

export interface DiskOptions {
  /** Holds the image and the mount point. */
  readonly folder: string
  readonly sizeBytes: number
}

export class CuttableDisk {
  /** Where it is mounted. */
  readonly path: string
  readonly #image: string
  readonly #tool: string
  #scatter: ChildProcess | undefined

  constructor({ folder, sizeBytes }: DiskOptions) {
    this.path = join(folder, 'mount')
    this.#image = join(folder, 'disk.img')
    this.#tool = compileC('disk-tool', folder)
    mkdirSync(this.path)
    writeFileSync(this.#image, '')
    truncateSync(this.#image, sizeBytes)
    run('mkfs.ext4', ['-q', '-F', this.#image])
    this.mount()
  }

  mount(): void {
    run('mount', ['-o', 'loop', this.#image, this.path])
  }

  async unmount(): Promise<void> {
    await this.#stopScatter()
    for (let tries = 1; ; tries++) {
      const { status, stderr } = spawnSync('umount', [this.path], { encoding: 'utf8' })
      if (status === 0) return
      if (tries === unmountTriesMax) throw new Error(`cannot unmount: ${stderr.trim()}`)
      await sleep(unmountPauseMs)
    }
  }

  /** Has the kernel write pages out in no order, until the power is cut. */
  scatter(seed: number): void {
    this.#scatter = spawn(this.#tool, ['scatter', this.path, String(seed)], { stdio: 'ignore' })
  }

  /** From here on nothing reaches the device. Returns when that was, by `process.hrtime.bigint()`. */
  cutPower(): bigint {
    run(this.#tool, ['cut', this.path])
    return process.hrtime.bigint()
  }

  /** What a machine finds that comes up again. */
  async powerUp(): Promise<void> {
    await this.unmount()
    this.mount()
  }

  async #stopScatter(): Promise<void> {
    const child = this.#scatter
    this.#scatter = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}
