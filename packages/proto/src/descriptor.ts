/** A .proto file as gRPC's reflection tells of it. */
export interface FileDescriptor {
  readonly name: string
  /** Files whose types it uses. */
  readonly needs: readonly string[]
  /** Qualified names of its services. */
  readonly services: readonly string[]
  /** Qualified names of what is defined in it: messages, enums, services and their methods. */
  readonly symbols: readonly string[]
  /** `google.protobuf.FileDescriptorProto`, encoded, in base64. */
  readonly base64: string
}
