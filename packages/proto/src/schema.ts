/** What `@kvs/proto/schema` tells of a field: enough to translate messages without knowing them. */
export interface FieldSchema {
  /** As the schema spells it: `range_end`, `ID`. */
  readonly name: string
  readonly id: number
  readonly kind: 'int64' | 'uint64' | 'int32' | 'uint32' | 'bool' | 'string' | 'bytes' | 'enum' | 'message'
  /** Qualified name of the message or the enum. */
  readonly type?: string
  readonly many?: boolean
  /** Name of the oneof it belongs to: it may be set to its zero value. */
  readonly oneof?: string
}

/** The messages of a method, by qualified name. */
export interface MethodSchema {
  readonly request: string
  readonly response: string
}
