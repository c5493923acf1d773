import type { FuzzTarget } from './target.ts'
import { clientFrames } from './targets/client-frames.ts'
import { grpcFraming } from './targets/grpc-framing.ts'
import { hpack } from './targets/hpack.ts'
import { http1 } from './targets/http1.ts'
import { protobuf } from './targets/protobuf.ts'
import { serverFrames } from './targets/server-frames.ts'
import { sniffing } from './targets/sniffing.ts'

/** Everything that reads bytes from the network. */
export const targets: readonly FuzzTarget[] = [
  serverFrames,
  clientFrames,
  hpack,
  grpcFraming,
  protobuf,
  http1,
  sniffing,
]
