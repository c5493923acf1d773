import { WatchCheck } from './watch-check.ts'
import { Workload } from './workload.ts'
import { type Death, type PlantedFault, World } from './world.ts'

export interface RunOptions {
  readonly seed: number
  /** Client operations, besides the audit at the end. */
  readonly operations: number
  /** Deaths of the member, at random events. */
  readonly deaths: number
  /** Something wrong on purpose, to see that it is found. */
  readonly planted?: PlantedFault
}

export interface RunResult {
  readonly seed: number
  /** Of everything that happened. */
  readonly hash: string
  readonly events: number
  readonly virtualMs: number
  readonly deaths: number
  readonly acknowledged: number
  readonly unanswered: number
  readonly watchEvents: number
  /** Terms that had a leader, and snapshots that members were sent and installed; none where one is alone. */
  readonly elections: number
  readonly snapshots: number
  /** Changes of the members that were acknowledged. */
  readonly memberChanges: number
  /** Empty if all went well. */
  readonly problems: readonly string[]
  /** The last lines of the story. */
  readonly tail: readonly string[]
}

/** Events of the world after which a run is given up: something waits for ever. */
const eventsMax = 2_000_000
/** Longest pause between two deaths, in events. */
const calmEventsMax = 400

/** Lets one seed happen: work, deaths at random events, restarts, and at the end a comparison of everything. */
export async function run(options: RunOptions): Promise<RunResult> {
  const world = new World(options.seed, options.planted)
  const { clock, random, trace } = world
  const workload = new Workload({ client: world.client, clock, random: random.fork(), trace })
  const watch = new WatchCheck(world.client)
  const deathRandom = random.fork()
  const problems: string[] = []
  let deaths = 0
  let nextDeath = options.deaths > 0 ? deathRandom.below(calmEventsMax) : Number.POSITIVE_INFINITY
  let finished = false
  let startTimer: unknown

  const fail = (what: string, error: unknown): void => {
    problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    finished = true
  }
  const startAgain = (): void => {
    const before = deaths
    world.start().catch(error => {
      // A start that a death interrupted ends with the disk of a life that is over.
      if (before === deaths) fail('the member does not start', error)
    })
  }
  const pause = (): Promise<void> => new Promise(resolve => clock.setTimer(50, resolve))
  startAgain()
  void (async () => {
    await workload.run(options.operations)
    nextDeath = Number.POSITIVE_INFINITY
    // Time enough for every lease to run out and be revoked.
    await new Promise<void>(resolve => clock.setTimer(20_000, resolve))
    await workload.audit()
    await watch.compare(pause)
    await world.stop()
    finished = true
  })().catch(error => fail('the work broke off', error))

  let events = 0
  for (; !finished; events++) {
    await drained()
    if (world.fatal !== undefined) fail('the member stopped by itself', world.fatal)
    if (events > eventsMax) fail('no end', `after ${eventsMax} events`)
    if (events >= nextDeath && deaths < options.deaths) {
      deaths++
      world.die(deathRandom.pick(['power', 'kill'] satisfies Death[]))
      if (startTimer !== undefined) clock.clearTimer(startTimer)
      startTimer = clock.setTimer(deathRandom.float() * 500, startAgain)
      nextDeath = events + deathRandom.below(calmEventsMax)
    } else if (!clock.step()) {
      await drained()
      if (!finished && clock.nextAt() === undefined) fail('nothing goes on', 'no timer is armed')
    }
  }
  return {
    seed: options.seed,
    hash: trace.hash,
    events,
    virtualMs: clock.now(),
    deaths,
    acknowledged: workload.acknowledged,
    unanswered: workload.unanswered,
    watchEvents: watch.events,
    elections: 0,
    snapshots: 0,
    memberChanges: 0,
    problems: [...problems, ...workload.problems, ...watch.problems],
    tail: trace.tail(60),
  }
}

/** Lets all promises settle that wait for nothing but each other. */
function drained(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}
