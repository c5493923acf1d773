import { describe, expect, it } from 'vitest'
import { Answer } from '../differential/answer.mjs'
import { parseCommandFile } from '../differential/command-file.mjs'
import { exchange, judge } from '../differential/compare.mjs'
import { repeat, splitWords, substitute } from '../differential/words.mjs'

describe('words', () => {
  it('are split as a shell does, with escapes and repetitions', () => {
    expect(splitWords(`put  'a b' "c\\td\\x01\\"" e'f'"g" {3*ab}`)).toEqual([
      'put',
      'a b',
      'c\td\x01"',
      'efg',
      'ababab',
    ])
    expect(splitWords(`get ''`)).toEqual(['get', ''])
    expect(splitWords('')).toEqual([])
    expect(splitWords(`a '{2*b}'`)).toEqual(['a', '{2*b}'])
  })

  it('complain of an open quote, an unknown value and a huge repetition', () => {
    expect(() => splitWords(`put 'a`)).toThrow('not closed')
    expect(() => substitute('$gone', new Map())).toThrow('nothing was captured as gone')
    expect(() => repeat('{9999999*x}')).toThrow('too long')
    expect(substitute('--lease=$mine', new Map([['mine', '1a']]))).toBe('--lease=1a')
  })
})

describe('the file of commands', () => {
  it('has sections, commands and what belongs to them', () => {
    const [first, second, ...more] = parseCommandFile(
      [
        '# a comment',
        '== first',
        'txn -w json',
        '  <',
        '  <2 put k# v',
        '  <- end',
        '  <x 00ff',
        '== second -- --quota-backend-bytes=5 --name=x',
        'watch -i',
        '  env A=b=c',
        '  lines 3',
        '  start live',
        'finish live',
        '  silence',
        '  intended 2.6 because it is so',
        `  instead 'a b' c`,
        '  instead /d+/ e',
        'lease grant 5',
        '  capture mine',
      ].join('\n'),
    )
    expect(more).toEqual([])
    expect(first).toMatchObject({ title: 'first', line: 2, flags: [] })
    expect(first?.commands[0]).toMatchObject({
      line: 3,
      words: ['txn', '-w', 'json'],
      input: '\nput k1 v\nput k2 v\nend\x00\xff',
    })
    expect(second).toMatchObject({ title: 'second', flags: ['--quota-backend-bytes=5', '--name=x'] })
    expect(second?.commands).toMatchObject([
      { text: 'watch -i', env: { A: 'b=c' }, lines: 3, start: 'live', silence: false },
      {
        silence: true,
        intended: { section: '2.6', why: 'because it is so' },
        instead: [
          { old: 'a b', fresh: 'c' },
          { old: '/d+/', fresh: 'e' },
        ],
      },
      { capture: 'mine', input: undefined },
    ])
  })

  it('names the line that cannot be read', () => {
    expect(() => parseCommandFile('== a\nput a\n  jump')).toThrow('line 3: no such directive: jump')
    expect(() => parseCommandFile('== a\nput "a')).toThrow('line 2: a quote is not closed')
    expect(() => parseCommandFile('== a\n  lines 3')).toThrow('line 2: there is no command yet')
    expect(() => parseCommandFile('put a')).toThrow('line 1: a command before the first section')
    expect(() => parseCommandFile('== a\nput a\n  intended soon')).toThrow('line 3: intended')
    expect(() => parseCommandFile('== a\nput a\n  lines x')).toThrow('line 3: lines')
  })
})

describe('the verdict', () => {
  const answer = (stdout: string, ended = 'status 0'): Answer => new Answer({ ended, stdout, stderr: '' })
  const text = ['== a', 'put a', 'get a', '  intended 1.4 so it is', '  instead x y', '  instead /\\d+/ <n>'].join('\n')
  const [plain, marked] = parseCommandFile(text)[0]?.commands ?? []
  if (plain === undefined || marked === undefined) throw new Error('no commands')

  it('is a difference, unless it is exactly the one that the file tells', () => {
    const pair = (ours: string, ended?: string) => ({ etcd: answer('x'), kvs: answer(ours, ended) })
    expect(judge({ command: plain, ...pair('x') })).toBe('equal')
    expect(judge({ command: plain, ...pair('y') })).toBe('different')
    expect(judge({ command: plain, ...pair('x', 'status 1') })).toBe('different')
    expect(judge({ command: marked, ...pair('y') })).toBe('intended')
    expect(judge({ command: marked, ...pair('x') })).toBe('different')
    expect(judge({ command: marked, ...pair('z') })).toBe('different')
    expect(judge({ command: marked, ...pair('y', 'status 1') })).toBe('different')
    expect(judge({ command: marked, etcd: answer('x 12'), kvs: answer('y 345') })).toBe('intended')
    expect(judge({ command: marked, etcd: answer('x 12'), kvs: answer('y z') })).toBe('different')
  })

  it('finds answers that pass for those of the next command', () => {
    const compared = ['1', '2', '2', '3'].map(text => ({ command: plain, etcd: answer(text), kvs: answer(text) }))
    const { pairs, alike } = exchange(compared)
    expect([pairs, alike.length]).toEqual([3, 1])
  })
})
