// @ts-check
import { qualified, typeName } from './names.mjs'

/** @param {import('protobufjs').Service} service */
export function emitService(service) {
  const methods = service.methodsArray.map(method => {
    method.resolve()
    const request = typeName(/** @type {import('protobufjs').Type} */ (method.resolvedRequestType))
    const response = typeName(/** @type {import('protobufjs').Type} */ (method.resolvedResponseType))
    const name = method.name.charAt(0).toLowerCase() + method.name.slice(1)
    return {
      type: `  readonly ${name}: Method<${request}, ${request}Init, ${response}, ${response}Init>\n`,
      value: `  ${name}: {
    path: '/${qualified(service)}/${method.name}',
    clientStreams: ${method.requestStream ?? false},
    serverStreams: ${method.responseStream ?? false},
    encodeRequest: encode${request},
    decodeRequest: decode${request},
    encodeResponse: encode${response},
    decodeResponse: decode${response},
  },\n`,
    }
  })
  return `/** The methods of service \`${qualified(service)}\`. */
export const ${service.name}: {
${methods.map(m => m.type).join('')}} = {
${methods.map(m => m.value).join('')}}
`
}

/** @param {import('protobufjs').Enum} object */
export function emitEnum(object) {
  const name = typeName(object)
  const values = Object.entries(object.values).map(([key, value]) => `  ${key}: ${value},\n`)
  return `export const ${name}: {
${Object.entries(object.values)
  .map(([key, value]) => `  readonly ${key}: ${value}\n`)
  .join('')}} = {
${values.join('')}}
export type ${name} = (typeof ${name})[keyof typeof ${name}]
`
}
