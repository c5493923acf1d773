import { describe, expect, test } from 'vitest'
import {
  argumentValue,
  argumentValues,
  parseScript,
  positionalArguments,
  runScript,
  runScriptAsync,
  type ScriptError,
  settleScript,
} from '../src/script.ts'

const text = `# a comment

add a b key=value list=(1, 2,3) empty=() \\
  more=x
input line
# belongs to the input

second
----
sum 3
# belongs to the output

blank
----
----
one

two
----
----

silent
----
`

describe('parseScript', () => {
  const script = parseScript({ name: 'demo.txt', text })

  test('cuts directives into command, arguments, input and expectation', () => {
    expect(script.cases.map(each => each.command)).toEqual(['add', 'blank', 'silent'])
    const [add, blank, silent] = script.cases
    expect(add!.position).toBe('demo.txt:3')
    expect(positionalArguments(add!)).toEqual(['a', 'b', 'empty'])
    expect(argumentValue(add!, 'key')).toBe('value')
    expect(argumentValue(add!, 'more')).toBe('x')
    expect(argumentValue(add!, 'absent')).toBeUndefined()
    expect(argumentValues(add!, 'list')).toEqual(['1', '2', '3'])
    expect(argumentValues(add!, 'empty')).toEqual([])
    expect(add!.input).toBe('input line\n# belongs to the input\n\nsecond')
    expect(add!.expected).toBe('sum 3\n# belongs to the output\n')
    expect(blank!.expected).toBe('one\n\ntwo\n')
    expect(silent!.expected).toBe('')
    expect(() => argumentValue(add!, 'list')).toThrow('list takes one value')
  })

  test.each([
    ['no separator', 'add\ninput\n', 'no ---- after "add"'],
    ['open parenthesis', 'add a=(1\n----\n', 'unbalanced parentheses'],
    ['closing parenthesis', 'add a)\n----\n', 'unbalanced parentheses'],
    ['continued end', 'add \\', 'is continued'],
    ['double separator left open', 'add\n----\n----\nx\n----\n', 'never closed'],
    ['no command', 'a=b\n----\n', 'starts with its command'],
  ])('refuses a script with %s', (_, source, message) => {
    expect(() => parseScript({ name: 'bad', text: source })).toThrow(message)
  })
})

describe('runScript', () => {
  const outputs: Record<string, string> = { add: 'sum 3\n# belongs to the output', blank: 'one\n\ntwo\n', silent: '' }

  test('matches byte for byte and leaves the text as it was', () => {
    const result = runScript(parseScript({ name: 'demo.txt', text }), each => outputs[each.command]!)
    expect(result).toEqual({ directives: 3, mismatches: [], rewritten: text })
    expect(settleScript(result)).toBe(result)
  })

  test('reports a differing byte with its place, or rewrites it', () => {
    const result = runScript(parseScript({ name: 'demo.txt', text }), each => `${outputs[each.command]} \n\nx`)
    expect(result.mismatches.map(each => each.position)).toEqual(['demo.txt:3', 'demo.txt:13', 'demo.txt:22'])
    expect(() => settleScript(result)).toThrow('demo.txt:3: add: output differs in line 2')
    let rewritten = ''
    settleScript(result, newText => {
      rewritten = newText
    })
    const again = runScript(
      parseScript({ name: 'demo.txt', text: rewritten }),
      each => `${outputs[each.command]} \n\nx`,
    )
    expect(again.mismatches).toEqual([])
  })

  test('a handler that throws is named with its line', async () => {
    const script = parseScript({ name: 'demo.txt', text })
    const cause = new Error('no such command')
    const fail = (): never => {
      throw cause
    }
    expect(() => runScript(script, fail)).toThrow('demo.txt:3: add: no such command')
    const error: ScriptError = await runScriptAsync(script, async () => fail()).catch(thrown => thrown)
    expect([error.code, error.cause]).toEqual(['HANDLER', cause])
    await expect(runScriptAsync(script, async each => outputs[each.command]!)).resolves.toMatchObject({ directives: 3 })
  })
})
