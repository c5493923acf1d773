import { type MethodHandler, StatusCode, type StreamCall, type StreamEvents } from '@kvs/grpc'
import type { FileDescriptor } from '@kvs/proto'
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseInit,
} from '@kvs/proto/reflection'
import { failMalformed } from './answer.ts'

const info = ServerReflection.serverReflectionInfo

/**
 * `grpc.reflection.v1.ServerReflection`, and v1alpha, which is the same: which services there are, and the descriptors of
 * their messages, so that grpcurl and its like need no .proto files. There are no extensions.
 */
export function reflectionMethods(files: readonly FileDescriptor[]): Map<string, MethodHandler> {
  const catalogue = new Catalogue(files)
  const handler: MethodHandler = { kind: 'stream', open: call => new ReflectionStream(catalogue, call) }
  return new Map([info.path, info.path.replace('.v1.', '.v1alpha.')].map(path => [path, handler]))
}

/** The files by what is asked for. */
class Catalogue {
  readonly services: readonly string[]
  readonly #files: ReadonlyMap<string, FileDescriptor>
  readonly #bySymbol: ReadonlyMap<string, FileDescriptor>

  constructor(files: readonly FileDescriptor[]) {
    this.#files = new Map(files.map(file => [file.name, file]))
    this.#bySymbol = new Map(files.flatMap(file => file.symbols.map(symbol => [symbol, file] as const)))
    this.services = files.flatMap(file => file.services).sort()
  }

  answer(request: ServerReflectionRequest): ServerReflectionResponseInit {
    if (request.listServices !== undefined) {
      return { listServicesResponse: { service: this.services.map(name => ({ name })) } }
    }
    if (request.fileByFilename !== undefined) {
      return this.#file(this.#files.get(request.fileByFilename), `File not found: ${request.fileByFilename}`)
    }
    if (request.fileContainingSymbol !== undefined) {
      const symbol = request.fileContainingSymbol
      return this.#file(this.#bySymbol.get(symbol), `Symbol not found: ${symbol}`)
    }
    if (request.fileContainingExtension !== undefined) {
      const { containingType, extensionNumber } = request.fileContainingExtension
      return notFound(`Extension not found: ${containingType} ${extensionNumber}`)
    }
    if (request.allExtensionNumbersOfType !== undefined) {
      const baseTypeName = request.allExtensionNumbersOfType
      if (!this.#bySymbol.has(baseTypeName)) return notFound(`Type not found: ${baseTypeName}`)
      return { allExtensionNumbersResponse: { baseTypeName, extensionNumber: [] } }
    }
    return { errorResponse: { errorCode: StatusCode.INVALID_ARGUMENT, errorMessage: 'nothing is asked for' } }
  }

  /** A file and, as in other servers, all it needs, those who need others first. */
  #file(file: FileDescriptor | undefined, otherwise: string): ServerReflectionResponseInit {
    if (file === undefined) return notFound(otherwise)
    const wanted = new Map<string, FileDescriptor>()
    const add = (one: FileDescriptor): void => {
      if (wanted.has(one.name)) return
      wanted.set(one.name, one)
      for (const name of one.needs) {
        const need = this.#files.get(name)
        if (need !== undefined) add(need)
      }
    }
    add(file)
    const fileDescriptorProto = [...wanted.values()].map(({ base64 }) => Buffer.from(base64, 'base64'))
    return { fileDescriptorResponse: { fileDescriptorProto } }
  }
}

function notFound(errorMessage: string): ServerReflectionResponseInit {
  return { errorResponse: { errorCode: StatusCode.NOT_FOUND, errorMessage } }
}

/** Answers one by one, in order; who does not read is not listened to. */
class ReflectionStream implements StreamEvents {
  readonly #catalogue: Catalogue
  readonly #call: StreamCall
  #isOver = false
  #isPaused = false

  constructor(catalogue: Catalogue, call: StreamCall) {
    this.#catalogue = catalogue
    this.#call = call
  }

  message(body: Uint8Array, start: number, end: number): void {
    let request: ServerReflectionRequest
    try {
      request = info.decodeRequest(body, start, end)
    } catch (error) {
      return failMalformed(this.#call, error)
    }
    const answer = this.#catalogue.answer(request)
    const bytes = info.encodeResponse({ validHost: request.host, originalRequest: request, ...answer })
    if (this.#call.send(bytes, 0, bytes.length)) return
    this.#isPaused = true
    this.#call.pause()
  }

  halfClose(): void {
    this.#isOver = true
    if (!this.#isPaused) this.#call.finish()
  }

  drain(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#isOver) this.#call.finish()
    else this.#call.resume()
  }

  cancel(_code: StatusCode): void {}
}
