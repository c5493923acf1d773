/** Named bounds of a member. Those of etcd carry its numbers. */

/** `--max-request-bytes`. */
export const maxRequestBytesDefault = 1_572_864
/** What a gRPC message may be larger than a request: etcd grants 512 KiB. */
export const grpcOverheadBytes: number = 512 * 1024
/** Proposals are refused while this many committed entries wait to be applied. */
export const maxGapBetweenAppliedAndCommitted = 5000
/** Longest election timeout that makes sense. */
export const electionTimeoutMsMax = 50_000
/** Raft's limit on the entries of one append message. */
export const maxSizePerMessageBytes: number = 1024 * 1024
/** A leader gathers proposals from so many at once on; up to this share of those it has seen at once, or these bytes. */
export const gatheredProposalsMin = 16
export const gatheredFraction = 0.75
export const gatheredBytesMax: number = 512 * 1024
/** How long an acknowledgement of what was acknowledged before waits for a message that it can go with. */
export const lateAcknowledgementMs = 10
/** How long they wait for those before them to be committed, and then for the clients of those. */
export const commitWaitMs = 4
export const gatheringMs = 1
/** Raft's window of append messages in flight. */
export const maxInflightMessages = 512
/** `--snapshot-catchup-entries`. */
export const catchUpEntriesDefault = 5000
/** What peers are granted at least to send, and to take, something: `--raft-read-timeout`, `--raft-write-timeout`. */
export const raftTimeoutMsMin = 5000
/** Records that one slice of a long read or delete looks at: well below a millisecond. */
export const sliceRecords = 512
/** What one slice of a Range gathers: common lists come in one. */
export const sliceRangeRecords = 2048
export const sliceRangeBytes: number = 512 * 1024
/** Longer answers to ranges are sent as the pieces they were gathered in. */
export const answerBytesAtOnce: number = 64 * 1024
/** Pairs in the first chunk of a RangeStream; later ones grow with the room that messages leave. */
export const firstChunkPairs = 10
/** Records that one batch of the scrub after a compaction looks at: `--compaction-batch-limit`. */
export const compactionBatchLimitDefault = 1000
/** How long the scrub rests between batches: `--compaction-sleep-interval`. */
export const compactionSleepIntervalMsDefault = 10
/** Work on the loop gives way after this time. A put takes about five turns of the loop, each of which may wait so long. */
export const sliceMs = 1
/** A watch stream with more than this waiting for its client gets no further events until it drained. */
export const watchQueueBytesMax: number = 4 * 1024 * 1024
/** Shortest interval between progress notifications. */
export const progressIntervalMsMin = 100
/** A request waits so long for its entry, plus two election timeouts. */
export const requestTimeoutMs = 5000
/** How often requests whose time is up are looked for. */
export const timeoutCheckMs = 500
/** What etcd calls no limit of concurrent streams; the engine's own holds then. */
export const unlimitedStreams = 4_294_967_295
/** How long a stopping member waits for open calls. */
export const stopTimeoutMs = 500
/** Clients may ping so often while nothing is sent to them: `--grpc-keepalive-min-time`. */
export const clientPingIntervalMsMin = 5000
/** Silent clients are pinged so often, and have so long to answer: `--grpc-keepalive-interval`, `-timeout`. */
export const keepaliveIntervalMsDefault = 7_200_000
export const keepaliveTimeoutMsDefault = 20_000
/** Revocations of expired leases on their way at once. */
export const parallelRevokesMax = 16
/** A connection that has not shown what it speaks after this time is closed. */
export const firstBytesTimeoutMs = 10_000
/** Entries up to this size are cut from pieces of that one. */
export const arenaEntryBytesMax: number = 16 * 1024
export const arenaPieceBytes: number = 256 * 1024
/** Segments of the log that are kept, needed or not: `--max-wals`. */
export const maxWalsDefault = 5
/** When a scrub that waits for a reader looks again. */
export const scrubRetryMs = 100
/** What a client of plain HTTP/2 may send ahead of whoever reads it. */
export const httpBodyAheadBytes: number = 256 * 1024
/** Entries whose effects are hashed together, and how many such windows are remembered. */
export const effectsWindowEntries = 1000
export const effectsWindowsKept = 64
/** Number of what is hashed: to be raised with whatever changes what an entry writes. */
export const effectsFormat = 2
/** How often a founder looks whether the others have registered, and pauses of up to 2^8 seconds after failures, as etcd's. */
export const discoveryPollMs = 1000
export const discoveryPauseExponentMax = 8

/** How often the leader compares the windows of all members, and how long it waits for those of one. */
export const effectsCheckMs = 60_000
export const effectsTimeoutMs = 5000
/** How long who asks another member for the hash of all it holds waits for it. */
export const hashTimeoutMs = 60_000
/** Copies of the state file, for backups and other members, that there are at once; who wants another waits. */
export const copiesMax = 2
/** What is read at once of a copy that is sent to a peer. */
export const copyChunkBytes: number = 1024 * 1024
/** Entries are kept in memory while a snapshot is on its way to a member, and for this time after. */
export const keepLogAfterSnapshotMs = 30_000
/** The log in memory of a member that is alone, once its beginning is gone: nobody can begin with what is left. */
export const catchUpEntriesAlone = 100
/** Entries that a member which gets a snapshot may hold back. */
export const catchUpEntriesMax = 1_000_000
/** Applied entries that are kept for members that lag, in bytes, and how many of these in memory; the others are read again. */
export const catchUpBytesMax: number = 1024 * 1024 * 1024
export const catchUpMemoryBytesMax: number = 32 * 1024 * 1024
/** So much of that is left in memory when older entries are let go; more is forgotten if they cannot be read. */
export const spilledToFraction = 0.75
export const logMemoryBytesMax: number = 256 * 1024 * 1024
/** What is read of the log at once. */
export const logPieceBytes: number = 256 * 1024
/** Bytes of appends to one member on their way. */
export const maxInflightBytes: number = 16 * 1024 * 1024
/** What an entry takes beside its data. */
export const entryOverheadBytes = 100
/** Bytes in one message of a backup, as etcd sends them. */
export const backupBlobBytes: number = 32 * 1024
/** What backups send together beside a log that is written to: 64 MB a second; and how far they may catch up after a pause. */
export const backupBytesPerMs = 64_000
export const backupCatchUpMs = 250
/** A log that was synced so recently is written to. */
export const logBusyMs = 1000
/**
 * A backup is ended when the state file has grown by the size of the state meanwhile, and by this; and how often it is looked.
 */
export const lentGrowthBytesMin: number = 1024 * 1024 * 1024
export const lentCheckMs = 10_000
/** What must be free on the disk beside a copy of the state before one is made. */
export const copyReserveBytes: number = 16 * 1024 * 1024
/** A worker thread with nothing to do ends after this time. */
export const workerIdleMs = 10_000
/** How far other threads go behind the loop, as a nice value: between its 0 and the 19 of workers. */
export const otherThreadsNice = 5
/** Longest piece of a job that is handed over in memory which is used again; backups come in such pieces. */
export const pieceBytes = 262_144
/** Pieces that a job in a worker thread makes before they are asked for. */
export const piecesAhead = 2
/** A sync of the log that takes longer is worth a warning. */
export const slowSyncMs = 1000
/** Longest description of a request in a log line, in characters; also of one key in it. */
export const describedBytesMax: number = 4 * 1024
/** Writes of the log, and commits, of which it is known when they were. */
export const stageBatchesKept = 256
/** Lines about slow and refused requests in one second. */
export const requestLinesPerSecondMax = 100
/** Methods by versions that clients claim to have, told apart in metrics. */
export const clientVersionsMax = 1000
/** Revision mode of the automatic compaction looks so often. */
export const revisionCompactionIntervalMs = 300_000
/** Periodic mode compacts at least so often, and takes ten samples of the revision in between. */
export const periodicCompactionIntervalMsMax = 3_600_000
export const periodicCompactionSamples = 10
/** Brackets of JSON inside one another: Go's figure. */
export const jsonDepthMax = 10_000
/** Length of the pieces in which an answer is written as JSON. */
export const jsonPieceChars: number = 64 * 1024
/** Answers that came in pieces are put together so many bytes at a time before they are written as JSON. */
export const jsonJoinBytes: number = 4 * 1024 * 1024
/** Base64 and escapes: what the JSON of a request may be longer than the request. */
export const jsonPerRequestByte = 2
/** A stream within this process with more than this unread tells its handler to wait. */
export const streamAheadBytes: number = 256 * 1024
/** Requests of a stream within this process that wait for its handler. */
export const streamRequestsAhead = 16
/** A lock or a candidacy without a lease gets one of this length, in seconds: that of etcd's sessions. */
export const sessionTtlSeconds = 60
/** Longest message that a client may send over a WebSocket to the gateway. */
export const webSocketMessageBytesMax: number = 8 * 1024 * 1024
/** `/debug/pprof/profile`: Go's default, and the longest. */
export const profileSecondsDefault = 30
export const profileSecondsMax = 600
/** Longest body of a request to change the log level. */
export const logLevelBodyBytesMax = 1024
/** Messages with proposals of other members that are held while nobody can take them. */
export const heldProposalsMax = 4096
/** How long a member that was removed goes on, so that what it has sent arrives. */
export const removalDelayMs = 1000
/** How long a member that starts looks whether others are there, and how often. */
export const electionAdvanceWindowMs = 5000
export const electionAdvanceCheckMs = 50
/** A leader that has missed more heartbeats than this asks the others whether it still leads before it acts on time. */
export const ticksMissedMax = 3
/** Who asks the leader for a lease in vain asks again after this time. */
export const leaseRetryMs = 50
/** The time left of long leases is replicated so often, where that is wanted. */
export const leaseCheckpointIntervalMs = 300_000
/** How often the leader compares the versions of the members. */
export const versionCheckMs = 4000
/** How long it waits for the answer of one. */
export const versionTimeoutMs = 1000
/** How long a member that joins waits for the answer of one that is there. */
export const joinTimeoutMs = 5000
/** A member that could not tell the others its name tries again after this time. */
export const publishRetryMs = 100
/** How long a founder waits for another founder to say that the cluster runs already: as long as etcd does. */
export const foundingTimeoutMs = 1000
/** A round of linearizable reads that was not answered is asked for again after this time. */
export const readRetryMs = 500
/** Answers up to this size are compressed for clients that compress; longer ones are only wrapped. */
export const compressedBytesMax: number = 128 * 1024
/** Spans in one message to the collector, spans that wait for it, and how long they do: OpenTelemetry's defaults. */
export const spansPerExport = 512
export const spansWaitingMax = 2048
export const exportIntervalMs = 5000
/** How long the collector has for a message, and for the last one. */
export const exportTimeoutMs = 10_000
export const lastExportTimeoutMs = 500
/** How often a log line tells of spans that were dropped. */
export const exportFailureLineIntervalMs = 60_000
/** A promotion waits so long until the leader has applied what it has committed. */
export const promotionAppliedTimeoutMs = 1000
/** Streams that need a leader are ended after so many election timeouts without one. */
export const electionsWithoutLeaderMax = 3
