import { platform } from 'node:os'

/** More outgoing bytes than this in one pipe, and `write` asks the caller to wait. */
export const DEFAULT_HIGH_WATER_BYTES = 262_144

/** Idle time after which TCP asks whether the other end still lives; etcd uses the same. */
export const KEEPALIVE_MS = 30_000

/** How long a dial may take unless said. */
export const DEFAULT_DIAL_TIMEOUT_MS = 30_000

/** Connections the kernel holds for us between two turns of the loop (it cuts this to its own limit). */
export const LISTEN_BACKLOG = 4096

/** Sniffing gives up after so many bytes without a decision. */
export const DEFAULT_SNIFF_BYTES = 1024

/** Longest HTTP method that sniffing takes for one. */
export const MAX_METHOD_BYTES = 32

/**
 * Longest path of a unix socket: `sun_path` without its zero byte is 107 bytes on Linux, 103 on macOS. Node cuts a longer
 * one without a word and listens somewhere else.
 */
export const MAX_UNIX_PATH_BYTES: number = platform() === 'linux' ? 107 : 103
