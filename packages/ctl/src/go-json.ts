/** Messages as Go's encoding/json writes them: names of the schema, zero fields left out, bytes in base64, numbers bare. */

/** Fields in the order they are written: name in JSON, key of the record, and the shape of a nested message. */
export type Shape = readonly (readonly [name: string, key: string, nested?: Shape])[]

/** The members of one JSON object, as `"name":value`. */
export function members(shape: Shape, message: object | undefined): string[] {
  if (message === undefined) return []
  const record = message as Readonly<Record<string, unknown>>
  return shape.flatMap(([name, key, nested]) => {
    const value = record[key]
    return isZero(value) ? [] : [`"${name}":${encodeValue(value, nested)}`]
  })
}

export const object = (parts: readonly string[]): string => `{${parts.join(',')}}`

function isZero(value: unknown): boolean {
  if (value === undefined || value === 0 || value === 0n || value === '' || value === false) return true
  return (Array.isArray(value) || value instanceof Uint8Array) && value.length === 0
}

/** One value of any kind, zero or not. */
export function encodeValue(value: unknown, nested?: Shape): string {
  if (Array.isArray(value)) return `[${value.map(each => encodeValue(each, nested)).join(',')}]`
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  if (typeof value === 'string') return encodeText(value)
  if (typeof value === 'object' && value !== null && nested !== undefined) return object(members(nested, value))
  return String(value)
}

/** Go escapes what could end a script element. */
function encodeText(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
