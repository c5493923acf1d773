/** Longest time to live that can be granted, 285 years. */
export const ttlSecondsMax = 9_000_000_000

/** What `timeToLive` says where leases do not run out: 2^63 - 1 nanoseconds. */
export const foreverSeconds = 9_223_372_036

/** Expired leases handed out at once, and the pause after a full hand. */
export const expiredPerRoundMax = 500
export const expiredRoundMs = 500

/** Checkpoints handed out at once, and the pause after a full hand. */
export const checkpointsPerRoundMax = 1000
export const checkpointRoundMs = 1000

/** After a change of primary at most so many leases expire within one second. */
export const expirySpreadPerSecond = 750

/** How long the host has to get a revoke through before the lease is handed out as expired again. */
export const revokeRetryMsDefault = 3000

/** Keys in one block of a lease's sorted keys. */
export const keyBlockMax = 512
