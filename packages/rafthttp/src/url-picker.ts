import { RaftHttpError } from './errors.ts'

/** The URLs of one peer. One is used until it fails, then the next. */
export class UrlPicker {
  #urls: readonly string[]
  #at = 0

  /** Throws `BAD_OPTION` without URLs. */
  constructor(urls: readonly string[]) {
    this.#urls = checkUrls(urls)
  }

  get urls(): readonly string[] {
    return this.#urls
  }

  update(urls: readonly string[]): void {
    this.#urls = checkUrls(urls)
    this.#at = 0
  }

  pick(): string {
    return this.#urls[this.#at] as string
  }

  /** Goes on to the next URL if `url` is the one in use: of several that failed at once only the first counts. */
  failed(url: string): void {
    if (url === this.#urls[this.#at]) this.#at = (this.#at + 1) % this.#urls.length
  }
}

function checkUrls(urls: readonly string[]): readonly string[] {
  if (urls.length === 0) throw new RaftHttpError('BAD_OPTION', 'a peer needs at least one URL')
  for (const url of urls) {
    if (!isPeerUrl(url)) throw new RaftHttpError('BAD_OPTION', `'${url}' is no URL of a peer`)
  }
  // A path would stand between the authority and the path of a request.
  return urls.map(url => url.replace(/\/+$/, ''))
}

/** The schemes etcd has for peers, and something behind them. */
export function isPeerUrl(url: string): boolean {
  return /^(?:https?|unixs?):\/\/[^\s?#]+$/.test(url)
}
