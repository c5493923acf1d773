import { formatPeerId } from './headers.ts'
import type { PeerState, TransportState } from './transport.ts'

/** A peer in one line. `nowMs` is the time of the clock the transport was given. */
export function describePeerState(peer: PeerState, nowMs: number): string {
  const { activeSinceMs, attached, probe, traffic } = peer
  const active = activeSinceMs === undefined ? 'inactive' : `active for ${Math.floor((nowMs - activeSinceMs) / 1000)} s`
  const streams = [attached.messages ? 'messages' : '', attached.appends ? 'appends' : ''].filter(name => name !== '')
  const roundTrip = probe.roundTripMs === undefined ? 'no round trip yet' : `${probe.roundTripMs.toFixed(1)} ms`
  return (
    `${formatPeerId(peer.id)} ${active}, streams [${streams.join(' ')}], ${roundTrip}, ` +
    `sent ${traffic.sentBytes} bytes (${traffic.sentFailures} failures), ` +
    `received ${traffic.receivedBytes} bytes (${traffic.receivedFailures} failures)`
  )
}

/** A transport: one line for itself, one for each peer. */
export function describeTransportState(state: TransportState, nowMs: number): string {
  const remotes = state.remotes.length === 0 ? '' : `, remotes [${state.remotes.map(formatPeerId).join(' ')}]`
  const peers = state.peers.map(peer => `  ${describePeerState(peer, nowMs)}`)
  return [`${formatPeerId(state.id)}: ${state.peers.length} peers${remotes}`, ...peers].join('\n')
}
