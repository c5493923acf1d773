import { methodSchemas } from '@kvs/proto/schema'
import { JsonValues } from '../../../packages/server/src/gateway/json-values.ts'
import { toJson } from '../../../packages/server/src/gateway/to-json.ts'
import { toMessage } from '../../../packages/server/src/gateway/to-message.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { refused, text } from './words.ts'

const requests = Object.values(methodSchemas).map(({ request }) => request)

/**
 * The first byte chooses the message, the rest is the body, cut in two pieces. What is taken is written as JSON and read
 * again: the same message must come of it.
 */
export const gateway: FuzzTarget = {
  name: 'gateway',
  maxBytes: 2048,
  dictionary: [
    ...[
      '{"key":"',
      '"range_end":',
      '"success":[{"requestPut":',
      '"compare":[{"target":"VALUE","result":"EQUAL"',
      'null',
    ],
    ...['"\\u0000', '\\ud800', '1e3', '-0', '"12345678901234567890"', '[]', '{}', ',', '"YQ=="', '"YQ-_"', 'true'],
  ].map(text),
  seeds: () =>
    requests.flatMap((_request, i) =>
      ['{}', '{"key":"YQ==","rangeEnd":"Yg","limit":"5","unknown":[1,{"a":null}]}{"key":"Yg=="}'].map(body =>
        Uint8Array.of(i, ...text(body)),
      ),
    ),
  run(input) {
    const request = requests[(input[0] ?? 0) % requests.length] as string
    const values = new JsonValues(4096)
    let taken = 0
    try {
      const middle = 1 + Math.floor(input.length / 2)
      for (const piece of [input.subarray(1, middle), input.subarray(middle)]) {
        values.push(piece)
        for (let value = values.next(); value !== undefined; value = values.next()) {
          const message = toMessage(request, value)
          const json = [...toJson(request, message)].join('')
          const again = [...toJson(request, toMessage(request, text(json)))].join('')
          mustHold(again === json, `${json} is read as ${again}`)
          taken++
        }
      }
    } catch (error) {
      return `${request.slice(0, 24)} ${taken} ${refused(error, 'JsonError')}`
    }
    return `${request.slice(0, 24)} ${taken}`
  },
}
