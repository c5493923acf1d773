import { formatId, memberIdOf } from '@kvs/membership'
import { ServerError } from '../errors.ts'
import * as limits from '../limits.ts'
import type { Clock, Logger } from '../parts.ts'

/**
 * Discovery by another cluster, as etcd's third version does it: founders of a new cluster put their names and URLs under
 * a token there, and wait until as many have done so as the cluster is to have.
 *
 *   /_etcd/registry/TOKEN/_config/size      how many, decimal; whoever made the token has put it there
 *   /_etcd/registry/TOKEN/members/ID        `name=url,name=url2` of the member with that id, in hexadecimal
 */
export interface Registry {
  /** The value of a key; undefined if there is none. */
  read(key: string): Promise<string | undefined>
  /** Keys that begin so, the one that was made first first. */
  list(prefix: string): Promise<readonly { readonly key: string; readonly value: string }[]>
  put(key: string, value: string): Promise<void>
}

export interface Founder {
  readonly token: string
  readonly name: string
  readonly peerUrls: readonly string[]
}

export interface RegistryParts {
  readonly clock: Pick<Clock, 'setTimer' | 'clearTimer'>
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
}

/**
 * Registers a founder and waits for the others; what stands for `--initial-cluster` then. Tries again for as long as the
 * registry does not answer. Throws `ServerError` (`CONFIG`): the token means nothing, or its cluster is full.
 */
export async function registerFounder(registry: Registry, founder: Founder, parts: RegistryParts): Promise<string> {
  const { token, name, peerUrls } = founder
  const ownKey = `${rootOf(token)}/members/${formatId(memberIdOf({ peerUrls, token }))}`
  const attempts = new Attempts(parts)
  const size = await attempts.until(async () => sizeOf(await registry.read(`${rootOf(token)}/_config/size`)))
  const listed = (): Promise<readonly Registered[]> =>
    attempts.until(async () => (await registry.list(`${rootOf(token)}/members/`)).map(readMember))
  // Who asks again, after a failure in the middle, is there already.
  mustHavePlace(await listed(), { size, ownKey })
  await attempts.until(() => registry.put(ownKey, peerUrls.map(url => `${name}=${url}`).join(',')))
  for (;;) {
    const members = await listed()
    mustHavePlace(members, { size, ownKey })
    if (members.length >= size) return membersText(members.slice(0, size))
    parts.logger.info('waiting for peers from discovery service', {
      'found-peers': members.length,
      'needed-peers': size,
    })
    await attempts.pause(limits.discoveryPollMs)
  }
}

interface Registered {
  readonly key: string
  /** As in `--initial-cluster`. */
  readonly value: string
}

const membersText = (members: readonly Registered[]): string => members.map(({ value }) => value).join(',')

const rootOf = (token: string): string => `/_etcd/registry/${token}`

const refusal = (reason: string): ServerError => new ServerError('CONFIG', `discovery: ${reason}`)

function sizeOf(text: string | undefined): number {
  if (text === undefined) throw refusal('size key not found')
  const size = /^\+?[0-9]+$/.test(text) ? Number(text) : 0
  if (size < 1 || !Number.isSafeInteger(size)) throw refusal('size key is bad')
  return size
}

function readMember({ key, value }: Registered): Registered {
  const isWhole = value !== '' && value.split(',').every(part => /^[^=]+=[a-z]+:\/\/.+$/.test(part))
  if (!isWhole) throw refusal('invalid peer URL')
  return { key, value }
}

/** The first so many are the cluster; who comes later is told. */
function mustHavePlace(
  members: readonly Registered[],
  { size, ownKey }: { readonly size: number; readonly ownKey: string },
): void {
  if (members.length >= size && !members.slice(0, size).some(({ key }) => key === ownKey)) {
    throw refusal('cluster is full')
  }
}

/** Tries again after longer and longer pauses. */
class Attempts {
  readonly #parts: RegistryParts
  #failures = 0

  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  async until<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        const result = await attempt()
        this.#failures = 0
        return result
      } catch (error) {
        if (error instanceof ServerError) throw error
        const pauseMs = 1000 * 2 ** Math.min(++this.#failures, limits.discoveryPauseExponentMax)
        const reason = error instanceof Error ? error.message : String(error)
        this.#parts.logger.warn('cannot reach the discovery service, trying again', {
          error: reason,
          'retry-ms': pauseMs,
        })
        await this.pause(pauseMs)
      }
    }
  }

  /** Rejects when the start is given up. */
  pause(delayMs: number): Promise<void> {
    const { clock, signal } = this.#parts
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        clock.clearTimer(timer)
        reject(new ServerError('STOPPED', 'discovery: the start was given up'))
      }
      const timer = clock.setTimer(delayMs, () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      })
      if (signal?.aborted === true) giveUp()
      else signal?.addEventListener('abort', giveUp, { once: true })
    })
  }
}
