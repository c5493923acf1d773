/**
 * Longest name of a user or role, in bytes of UTF-8. Names are keys of the state file, which holds no longer ones.
 * Asked at the edge only: what the log says is done.
 */
export const nameBytesMax = 1_900

/** bcrypt reads no more of a password; longer ones are refused, never cut. */
export const passwordBytesMax = 72

/** bcrypt works 2^cost rounds. */
export const bcryptCostMin = 4
export const bcryptCostMax = 31
export const bcryptCostDefault = 10

/** Passwords that may be hashed or compared at a time, waiting ones included; further ones are refused. */
export const passwordJobsMax = 64

/** Letters before the dot of a simple token. */
export const simpleTokenLetters = 16

/** A simple token lives this long after it was last used. */
export const simpleTokenTtlMsDefault = 300_000

/** Simple tokens of one member; the one that was not used for longest gives way. */
export const simpleTokensMax = 100_000

/** Simple tokens whose place in the queue is looked at, at most, when one is added. */
export const simpleTokenSweepMax = 64

/** Tokens of this member's future that may be waited for at a time; further ones are refused. */
export const tokenWaitsMax = 1_024

/** A signed token lives this long after it was issued. */
export const jwtTtlMsDefault = 300_000

/** Longest signed token that is looked at. HTTP/2 headers leave room for little more. */
export const jwtCharsMax = 8_192

/** Verified tokens that are remembered. Only tokens with a good signature get in. */
export const jwtCacheMax = 10_000

/** Signatures that may be verified at a time; further ones are refused. */
export const jwtVerificationsMax = 256

/** Largest key file, certificate chains included. */
export const keyFileBytesMax = 65_536

/** Shortest RSA key that signs tokens. */
export const rsaBitsMin = 2_048
