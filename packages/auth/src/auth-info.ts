/** Who asks, as it travels with a request: in an entry's header `username` and `auth_revision`. */
export interface AuthInfo {
  readonly username: string
  /** The auth revision at which this was established; 0: nobody said who he is. */
  readonly revision: number
}

export const rootUser = 'root'
export const rootRole = 'root'

/** What is known of who is at the other end of a connection. */
export interface PeerIdentity {
  /** Of the verified client certificate; undefined if there is none or if certificates are not asked for. */
  readonly commonName: string | undefined
  /** The call came in over the JSON gateway. Its certificate is not the caller's, so its name counts for nothing. */
  readonly isGateway: boolean
}

/**
 * The certificate's common name as user, always at the current revision. An empty name is nobody's: keys are denied and
 * administration is told that the name is empty, as in etcd.
 */
export function authInfoOfPeer(peer: PeerIdentity, revision: number): AuthInfo | undefined {
  if (peer.isGateway || peer.commonName === undefined) return undefined
  return { username: peer.commonName, revision }
}
