/** One RPC: where it is called and how its messages are coded. */
export interface Method<Request, RequestInit, Response, ResponseInit> {
  /** `/package.Service/Method` */
  readonly path: string
  readonly clientStreams: boolean
  readonly serverStreams: boolean
  readonly encodeRequest: (message: RequestInit) => Uint8Array
  readonly decodeRequest: (bytes: Uint8Array, start?: number, end?: number) => Request
  readonly encodeResponse: (message: ResponseInit) => Uint8Array
  readonly decodeResponse: (bytes: Uint8Array, start?: number, end?: number) => Response
}
