import type { LinkAcceptance, PeerEndpoint, PeerHandler, PeerRequest, PeerResponse } from '@kvs/rafthttp'

const nothingToTell: PeerResponse = {
  status: 503,
  headers: [['Content-Type', 'text/plain; charset=utf-8']],
  body: new TextEncoder().encode('the member founds its cluster\n'),
}

/**
 * What the peer port answers before its member serves. Founders ask one another whether the cluster runs already: if each
 * answered only once it has been answered, they would wait for one another in vain. Other requests wait.
 */
export class FoundingEndpoint implements PeerEndpoint {
  #endpoint: PeerEndpoint | undefined
  readonly #served: Promise<PeerEndpoint>
  #resolve: (endpoint: PeerEndpoint) => void = () => {}

  constructor() {
    this.#served = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  /** From now on this one answers, those who waited first. */
  serve(endpoint: PeerEndpoint): void {
    this.#endpoint = endpoint
    this.#resolve(endpoint)
  }

  readonly handle: PeerHandler = async (request, body, signal) => {
    if (this.#endpoint === undefined && request.path === '/members') return nothingToTell
    const endpoint = this.#endpoint ?? (await this.#served)
    return endpoint.handle(request, body, signal)
  }

  /** Who is refused dials again after a moment, and at once when this member dials him. */
  upgrade(request: PeerRequest, protocols: readonly string[]): LinkAcceptance | PeerResponse {
    return this.#endpoint?.upgrade(request, protocols) ?? nothingToTell
  }
}
