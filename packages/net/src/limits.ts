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

/** From an accepted or dialed connection to the end of its TLS handshake; etcd's figure. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000

/** TLS handshakes begun per turn of the loop: 0.5 ms each with a key on P-256, 2 ms on P-521. */
export const DEFAULT_HANDSHAKES_PER_TURN = 4

/** TLS handshakes that wait for the other end; each holds about 50 KB. */
export const DEFAULT_MAX_HANDSHAKES = 512

/** Connections whose hello waits for its turn. */
export const DEFAULT_MAX_WAITING_HANDSHAKES = 8192

/** The first record of TLS (RFC 8446, 5.1): header and 16 KiB. A hello is put together from no more than that. */
export const MAX_HELLO_BYTES: number = 5 + 16_384

/** Files written more recently than this are read again: two writes could bear the same time. */
export const FILE_CLOCK_MS = 1_000

/** Years of a self-signed certificate unless said; etcd's default. */
export const DEFAULT_CERTIFICATE_YEARS = 1

/** Bytes of one WebSocket message that we send. */
export const WEBSOCKET_MESSAGE_BYTES = 262_144

/** Bytes of one WebSocket message that we take; more ends the connection. */
export const WEBSOCKET_MAX_MESSAGE_BYTES = 1_048_576
