/** The failpoints of a server process, and what brings it to those that writes alone do not. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Sets a failpoint of the process that listens there. Fails if it does not take it. */
export async function setFailpoint(port: number, name: string, terms: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/${name}`, { method: 'PUT', body: terms })
  if (response.status !== 204) throw new Error(`${name}=${terms}: ${response.status} ${await response.text()}`)
}

export async function listFailpoints(port: number): Promise<readonly string[]> {
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  return text
    .trim()
    .split('\n')
    .map(line => line.split('=')[0] ?? '')
}

type Answer = Readonly<Record<string, unknown>>

/** Asks a server by its gateway; undefined when that is gone, or refuses. */
async function ask(endpoint: string, path: string, body: object = {}): Promise<Answer | undefined> {
  try {
    const url = `http://${endpoint}/v3/${path}`
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    })
    return response.ok ? ((await response.json()) as Answer) : undefined
  } catch {
    return undefined
  }
}

/** Adds a member without a vote that is nowhere, or removes it. */
export async function toggleLearner(endpoint: string): Promise<void> {
  const { members = [] } = ((await ask(endpoint, 'cluster/member/list')) ?? {}) as {
    readonly members?: readonly { readonly ID: string; readonly isLearner?: boolean }[]
  }
  const learner = members.find(({ isLearner }) => isLearner === true)
  if (learner === undefined)
    await ask(endpoint, 'cluster/member/add', { peerURLs: ['http://127.0.0.1:9'], isLearner: true })
  else await ask(endpoint, 'cluster/member/remove', { ID: learner.ID })
}

const leaseId = 77

/** Everything but writes, again and again until it is told to stop: compactions of what may go, new files, leases, members. */
export async function stir(endpoint: string, compactTo: number, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    if (turn === 0 && compactTo > 0) await ask(endpoint, 'kv/compaction', { revision: compactTo })
    await ask(endpoint, 'maintenance/defragment')
    await ask(endpoint, 'lease/grant', { ID: leaseId, TTL: 600 })
    await ask(endpoint, 'lease/keepalive', { ID: leaseId })
    await toggleLearner(endpoint)
    await sleep(5)
  }
}
