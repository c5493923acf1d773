import { expect, test } from 'vitest'
import { FailpointError } from '../src/failpoints/error.ts'
import { parseSettings } from '../src/failpoints/failpoints.ts'
import { parseTerms } from '../src/failpoints/terms.ts'

test.each([
  ['off', [{ conditions: [], action: 'off' }]],
  ['print', [{ conditions: [], action: 'print' }]],
  ['panic', [{ conditions: [], action: 'panic', value: undefined }]],
  ['panic()', [{ conditions: [], action: 'panic', value: undefined }]],
  ['panic("why")', [{ conditions: [], action: 'panic', value: 'why' }]],
  ['return', [{ conditions: [], action: 'return', value: undefined }]],
  ['return(-12)', [{ conditions: [], action: 'return', value: -12 }]],
  ['return(true)', [{ conditions: [], action: 'return', value: true }]],
  ['return("")', [{ conditions: [], action: 'return', value: '' }]],
  [String.raw`return("a\"b\\\n\x41é")`, [{ conditions: [], action: 'return', value: 'a"b\\\nAé' }]],
  ['sleep(1000)', [{ conditions: [], action: 'sleep', durationMs: 1000 }]],
  ['sleep("1s")', [{ conditions: [], action: 'sleep', durationMs: 1000 }]],
  ['sleep("1m1.5s250ms")', [{ conditions: [], action: 'sleep', durationMs: 61_750 }]],
  ['sleep("-1s")', [{ conditions: [], action: 'sleep', durationMs: 0 }]],
  ['50%off', [{ conditions: [{ chance: 0.5 }], action: 'off' }]],
  ['2.5%3*off', [{ conditions: [{ chance: 0.025 }, { times: 3 }], action: 'off' }]],
  [
    '3*sleep("10ms")->off',
    [
      { conditions: [{ times: 3 }], action: 'sleep', durationMs: 10 },
      { conditions: [], action: 'off' },
    ],
  ],
  [
    'return("->")->1*panic',
    [
      { conditions: [], action: 'return', value: '->' },
      { conditions: [{ times: 1 }], action: 'panic', value: undefined },
    ],
  ],
])('%s', (text, terms) => expect(parseTerms(text)).toEqual(terms))

test.each([
  ['', 'unknown action ""'],
  ['halt', 'unknown action "halt"'],
  ['break', 'unknown action "break"'],
  ['offset', 'unknown action "offset"'],
  ['off ', '-> expected, found " " at 3'],
  ['off->', 'unknown action ""'],
  ['off-off', '-> expected, found "-off" at 3'],
  ['3off', '% or * expected, found "off" at 1'],
  ['3.0*off', '% expected, found "*off" at 3'],
  ['return(', 'a number, a quoted text, true or false expected, found the end at 7'],
  ['return("abc', 'a number, a quoted text, true or false expected, found "\\"abc" at 7'],
  ['return("abc"', ') expected, found the end at 12'],
  [String.raw`return("\q")`, 'unknown escape \\q'],
  ['sleep', 'sleep needs milliseconds, or a duration such as "1.5s"'],
  ['sleep(10s)', ') expected, found "s)" at 8'],
  ['sleep("soon")', 'sleep needs milliseconds, or a duration such as "1.5s"'],
  ['sleep(true)', 'sleep needs milliseconds, or a duration such as "1.5s"'],
  ['sleep("1000h")', 'sleep of more than 2147483647 ms'],
])('%s is refused: %s', (text, reason) => {
  expect(() => parseTerms(text)).toThrow(new FailpointError('BAD_TERMS', `could not parse terms: ${reason}`))
})

test('several are joined by semicolons, but for those in a text', () => {
  expect(parseSettings('a=off;;b=return("x;y=z");c=2*panic')).toEqual([
    { name: 'a', terms: 'off' },
    { name: 'b', terms: 'return("x;y=z")' },
    { name: 'c', terms: '2*panic' },
  ])
  expect(parseSettings('')).toEqual([])
  for (const text of ['a', '=off', 'a=off;b']) expect(() => parseSettings(text), text).toThrow(/bad failpoint/)
})
