/**
 * Cost of a tick of an idle leader with 7 peers that answer nothing but heartbeats, which go out every tenth tick.
 *
 * Argument: `ticks=1000000`. Promise: 2 µs on average, heartbeats and their Ready included; the process fails beyond it.
 */
import { MemoryStorage, MessageType, newMessage, RaftNode } from '../src/index.ts'

const promisedMicros = 2
const ticks = Number(process.argv[2]?.split('=')[1] ?? 1_000_000)
const voters = Array.from({ length: 8 }, (_, i) => BigInt(i + 1))

const storage = new MemoryStorage()
const confState = { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }
storage.applySnapshot({ data: new Uint8Array(0), metadata: { index: 1, term: 1, confState } })
const node = new RaftNode({
  id: 1n,
  storage,
  applied: 1,
  electionTick: 100,
  heartbeatTick: 10,
  maxInflightMsgs: 512,
  checkQuorum: true,
  random: () => 0,
})

function serve(): number {
  if (!node.hasReady()) return 0
  const ready = node.ready()
  if (ready.hardState !== undefined) storage.setHardState(ready.hardState)
  storage.append(ready.entries)
  node.advance()
  return ready.messages.length
}

const peers = voters.slice(1)
const term = 1

function elect(): void {
  node.campaign()
  serve()
  for (const from of peers) node.step(newMessage({ type: MessageType.MsgVoteResp, from, to: 1n, term }))
  serve()
  for (const from of peers) node.step(newMessage({ type: MessageType.MsgAppResp, from, to: 1n, term, index: 2 }))
  while (serve() > 0);
}

function run(count: number): { readonly micros: number; readonly messages: number } {
  let messages = 0
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    node.tick()
    messages += serve()
    if (i % 50 !== 0) continue
    for (const from of peers) node.step(newMessage({ type: MessageType.MsgHeartbeatResp, from, to: 1n, term }))
  }
  return { micros: ((performance.now() - start) * 1000) / count, messages }
}

elect()
run(ticks / 10)
const { micros, messages } = run(ticks)
if (node.basicStatus().softState.raftState !== 'leader') throw new Error('no leader any more')
console.log(`${micros.toFixed(3)} µs per tick, ${messages} heartbeats sent in ${ticks} ticks`)
if (messages !== (ticks / 10) * peers.length) throw new Error('not every heartbeat went out')
if (micros > promisedMicros) throw new Error(`more than the promised ${promisedMicros} µs`)
