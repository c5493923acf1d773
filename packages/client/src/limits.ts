/** Attempts of one call in all, the first included. */
export const attemptsMax: number = 100

/** Pause before an attempt, once every endpoint had its turn: full jitter below a bound that doubles from the first to the second. */
export const backoffMinMs: number = 25
export const backoffMaxMs: number = 1_000

/** How long one attempt to connect may take, unless `dialTimeoutMs` says otherwise. */
export const dialTimeoutMsDefault: number = 2_000

/** How long a unary call may take, retries included, unless `timeoutMs` says otherwise. */
export const callTimeoutMsDefault: number = 10_000

/** Token renewals one call may cause. */
export const authRenewalsMax: number = 2

/** Events that wait in a watcher before it gives its place on the stream up until they were taken. */
export const watcherEventsMax: number = 10_000

/** Pauses before a watch or keep-alive stream is opened again. */
export const streamBackoffMinMs: number = 1
export const streamBackoffMaxMs: number = 500

/** A lease is renewed after this part of its TTL. */
export const keepAliveFraction: number = 1 / 3

/** Renewals of one lease are at least this far apart. */
export const keepAliveIntervalMinMs: number = 500

/** How long a lease of unknown TTL waits for the first renewal, beyond the dial timeout. */
export const firstKeepAliveMs: number = 1_000

/** Pairs of one page of `pages`. */
export const pageSizeDefault: number = 1_000

/** Longest answer that is accepted: what etcd's own client accepts. */
export const receiveBytesMax: number = 2_147_483_647

/** A server that is silent for so long while a call is open is pinged; etcd allows a ping every 5 s. */
export const keepaliveDefault: {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly permitWithoutStreams: boolean
} = { intervalMs: 10_000, timeoutMs: 6_000, permitWithoutStreams: false }

/** Longest request that is sent: what etcd's own client sends. */
export const requestBytesMax: number = 2_097_152
