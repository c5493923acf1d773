import type { FuzzTarget } from './target.ts'
import { memberJson, urls } from './targets/addresses.ts'
import { altNames, certificate, revocation } from './targets/certificates.ts'
import { clientFrames } from './targets/client-frames.ts'
import { commandLine, configFile, logRotation } from './targets/configuration.ts'
import { failpoints } from './targets/failpoints.ts'
import { boltFile, entries, snapFile, stateFile, walFile } from './targets/files.ts'
import { gateway } from './targets/gateway.ts'
import { grpcFraming } from './targets/grpc-framing.ts'
import { hpack } from './targets/hpack.ts'
import { http1 } from './targets/http1.ts'
import { protobuf } from './targets/protobuf.ts'
import { serverFrames } from './targets/server-frames.ts'
import { sniffing } from './targets/sniffing.ts'
import { jwt, tokenOptions, traceParent } from './targets/tokens.ts'

/** Everything that reads bytes from the network, from disk, and from who starts a member. */
export const targets: readonly FuzzTarget[] = [
  serverFrames,
  clientFrames,
  hpack,
  grpcFraming,
  protobuf,
  http1,
  sniffing,
  gateway,
  jwt,
  tokenOptions,
  traceParent,
  certificate,
  altNames,
  revocation,
  urls,
  memberJson,
  walFile,
  snapFile,
  boltFile,
  stateFile,
  entries,
  commandLine,
  configFile,
  logRotation,
  failpoints,
]
