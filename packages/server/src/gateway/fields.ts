import type { FieldSchema } from '@kvs/proto'
import { enumSchemas, messageSchemas } from '@kvs/proto/schema'

/** A message as the translation needs it. */
export interface MessageFields {
  /** By the name in the schema and by the one JSON prefers: both are taken. */
  readonly byName: ReadonlyMap<string, FieldSchema>
  readonly byId: ReadonlyMap<number, FieldSchema>
}

const known = new Map<string, MessageFields>()

/** The fields of a message by its qualified name, which comes from the schema itself. */
export function fieldsOf(message: string): MessageFields {
  let fields = known.get(message)
  if (fields === undefined) {
    const all = messageSchemas[message] ?? []
    fields = {
      byName: new Map([
        ...all.map((field): [string, FieldSchema] => [field.name, field]),
        ...all.map((field): [string, FieldSchema] => [jsonName(field), field]),
      ]),
      byId: new Map(all.map(field => [field.id, field])),
    }
    known.set(message, fields)
  }
  return fields
}

/** `range_end` → `rangeEnd`, `ID` → `ID`: what protoc makes of a name. */
export function jsonName({ name }: FieldSchema): string {
  return name.replace(/_([a-zA-Z0-9])/g, (_all: string, letter: string) => letter.toUpperCase())
}

/** The number of an enum's value; undefined if it has none of this name. */
export function enumNumber(type: string, name: string): number | undefined {
  const values = enumSchemas[type] ?? {}
  return Object.hasOwn(values, name) ? values[name] : undefined
}

const names = new Map<string, ReadonlyMap<number, string>>()

/** The name of an enum's value; undefined for a number that a later version may know. */
export function enumName(type: string, value: number): string | undefined {
  let byNumber = names.get(type)
  if (byNumber === undefined) {
    byNumber = new Map(Object.entries(enumSchemas[type] ?? {}).map(([name, number]) => [number, name]))
    names.set(type, byNumber)
  }
  return byNumber.get(value)
}
