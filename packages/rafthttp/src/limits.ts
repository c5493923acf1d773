/** A stream that brings nothing for so long is broken; etcd's `--raft-read-timeout`, which cannot be set lower. */
export const readTimeoutMsMin = 5000

/** A stream that takes nothing for so long is broken; etcd's `--raft-write-timeout`, which cannot be set lower. */
export const writeTimeoutMsMin = 5000

/** Keepalives per read timeout on every stream, idle or not. */
export const keepalivesPerReadTimeout = 3

/** The other end of a stream answers keepalives; after so many read timeouts without an answer it is gone. */
export const unansweredReadTimeouts = 3

/** A process that is asked whether it still is the one that its member runs as may take so long to answer. */
export const incarnationAnswerMs = 1000

/** Connecting to a peer, upgrade included, unless the host says otherwise (etcd: 1 s and the election timeout). */
export const dialTimeoutMsDefault = 2000

/** Pause before a stream is dialed again: the first one, and the longest after repeated failures. */
export const redialMsMin = 100
export const redialMsMax = 1000

/** Bytes that may wait for one stream; what comes on top is dropped and the peer reported unreachable. */
export const streamQueueBytesMax: number = 32 * 1024 * 1024

/** Messages of one turn are gathered into frames of about this size. */
export const frameBytesAim: number = 256 * 1024

/** No further frame is handed to a link that has more than this on its way: the rest gathers, and may be dropped. */
export const linkHighWaterBytes: number = 512 * 1024

/** Largest message a stream or a POST accepts; etcd's. */
export const messageBytesMax: number = 512 * 1024 * 1024

/** What may come from the end of a stream that only listens: pongs and the closing handshake. */
export const listenerFrameBytesMax = 1024

/** POSTs to one peer at a time, and messages that wait for one (etcd's pipeline). */
export const pipelinePostsMax = 4
export const pipelineQueueMax = 64

/** A POST with a message, answer included. */
export const postTimeoutMs = 5000

/** Snapshots that are being sent or wait for it; more are refused and reported as failed (etcd's). */
export const snapshotsPendingMax = 16

/** Snapshots sent at once: at most so many bulk readers stand beside the log on the disk. */
export const snapshotsSentAtOnceMax = 2

/** Snapshots received at once. */
export const snapshotsReceivedAtOnceMax = 2

/** The message at the head of a snapshot; etcd's limit. */
export const snapshotMessageBytesMax: number = 64 * 1024 * 1024

/** A snapshot that the other end takes nothing of for so long is given up. */
export const snapshotStallMs = 30_000

/** How long the receiver may take to make a whole snapshot durable, and to answer. */
export const snapshotReplyMs = 300_000

/** A request whose body takes longer is refused (etcd's read timeout of the peer server). */
export const requestTimeoutMs = 300_000

/** Bodies of all requests but messages and snapshots; etcd limits lease requests to this. */
export const bodyBytesMax: number = 64 * 1024

/** Answers that are read of a peer. */
export const replyBytesMax: number = 16 * 1024 * 1024

/** A request to a peer, unless the caller says otherwise. */
export const clientTimeoutMsDefault = 5000

/** How much shorter than the read timeout the pause between two probes is, or they would find their connection closed. */
export const probeLeadMs = 1000

/** How often the state of a probe is looked at: while it fails, and while all is well. */
export const probeCheckUnhealthyMs = 5000
export const probeCheckHealthyMs = 30_000

/** Difference of clocks that is warned of. */
export const clockDifferenceWarnMs = 1000

/** Weight of the newest round trip in the smoothed one. */
export const roundTripWeight = 0.125

/** Dropped messages are logged at most once in so long, with their number. */
export const dropLogMs = 1000

/** Members that are known by their requests only. */
export const remotesMax = 64

/** Peer URLs that are believed of one request. */
export const urlsPerRemoteMax = 16

/** Encoded node ids that are kept. */
export const encodedIdsMax = 64

/** How long a forwarded lease request waits for this member to apply what is committed (etcd's). */
export const leaseApplyTimeoutMs = 1000

/** Parts in which a large frame goes out. One part must go out within the write timeout. */
export const fragmentBytes: number = 256 * 1024

/** How long a connection is kept open for the goodbye of the other end. */
export const closeGraceMs = 1000

/** After an answer that ends a connection its rest is read for so long: closing at once could destroy the answer. */
export const lingerMs = 500

/** Connections to one peer that are kept for later requests. */
export const keptConnectionsMax = 4

/** Text of a refused upgrade that is read. */
export const refusalBytesMax: number = 4 * 1024
