import * as assert from 'node:assert/strict'
import { expectCode, type NamedCheck } from './contract.ts'

const listing: readonly NamedCheck[] = [
  [
    'readDir sorts by bytes',
    async at => {
      // U+FF5E (three bytes from 0xEF) stands before U+1F600 (four bytes from 0xF0), though not in UTF-16.
      const names = ['b', 'a', 'B', '0', 'é', '\u{1f600}', '\uff5e', 'aa']
      for (const name of names) await at.put(name, '')
      assert.deepEqual(await at.fs.readDir(at.root), ['0', 'B', 'a', 'aa', 'b', 'é', '\uff5e', '\u{1f600}'])
    },
  ],
  [
    'readDir names directories too, and fails elsewhere',
    async at => {
      await at.fs.makeDir(at.path('d'))
      await at.put('f', '')
      assert.deepEqual(await at.fs.readDir(at.root), ['d', 'f'])
      assert.deepEqual(await at.fs.readDir(at.path('d')), [])
      await expectCode('NOT_FOUND', () => at.fs.readDir(at.path('none')))
      await expectCode('NOT_DIRECTORY', () => at.fs.readDir(at.path('f')))
    },
  ],
  [
    'stat tells size and kind, or nothing',
    async at => {
      await at.put('f', 'abc')
      await at.fs.makeDir(at.path('d'))
      assert.deepEqual(await at.fs.stat(at.path('f')), { sizeBytes: 3, isDirectory: false })
      assert.equal((await at.fs.stat(at.path('d')))?.isDirectory, true)
      assert.equal(await at.fs.stat(at.path('none')), undefined)
      assert.equal(await at.fs.stat(at.path('none/below')), undefined)
      assert.equal(await at.fs.stat(at.path('f/below')), undefined)
    },
  ],
  [
    'makeDir makes parents and accepts what is there',
    async at => {
      await at.fs.makeDir(at.path('a/b/c'))
      await at.fs.makeDir(at.path('a/b/c'))
      await at.put('a/b/c/f', 'deep')
      assert.equal(await at.text('a/b/../b/./c//f'), 'deep')
    },
  ],
  [
    'makeDir refuses files in the way',
    async at => {
      await at.put('f', '')
      await expectCode('EXISTS', () => at.fs.makeDir(at.path('f')))
      await expectCode('NOT_DIRECTORY', () => at.fs.makeDir(at.path('f/d')))
    },
  ],
  [
    'freeBytes is a number of bytes',
    async at => {
      const free = await at.fs.freeBytes(at.root)
      assert.ok(Number.isSafeInteger(free) && free > 0, `freeBytes ${free}`)
    },
  ],
  [
    'syncDir takes directories only',
    async at => {
      await at.put('f', '')
      await at.fs.syncDir(at.root)
      await expectCode('NOT_DIRECTORY', () => at.fs.syncDir(at.path('f')))
      await expectCode('NOT_FOUND', () => at.fs.syncDir(at.path('none')))
    },
  ],
]

const moving: readonly NamedCheck[] = [
  [
    'rename replaces a file',
    async at => {
      await at.put('a', 'new')
      await at.put('b', 'old')
      await at.fs.rename(at.path('a'), at.path('b'))
      assert.equal(await at.text('b'), 'new')
      assert.deepEqual(await at.fs.readDir(at.root), ['b'])
    },
  ],
  [
    'rename moves a directory with all it holds',
    async at => {
      await at.fs.makeDir(at.path('a/x'))
      await at.put('a/x/f', 'inside')
      await at.fs.makeDir(at.path('to'))
      await at.fs.rename(at.path('a'), at.path('to/b'))
      assert.equal(await at.text('to/b/x/f'), 'inside')
      assert.equal(await at.fs.stat(at.path('a')), undefined)
    },
  ],
  [
    'rename to itself changes nothing',
    async at => {
      await at.put('a', 'same')
      await at.fs.rename(at.path('a'), at.path('a'))
      assert.equal(await at.text('a'), 'same')
    },
  ],
  [
    'rename refuses what cannot be',
    async at => {
      await at.put('f', '')
      await at.fs.makeDir(at.path('d/inner'))
      await at.fs.makeDir(at.path('empty'))
      await expectCode('NOT_FOUND', () => at.fs.rename(at.path('none'), at.path('x')))
      await expectCode('NOT_FOUND', () => at.fs.rename(at.path('f'), at.path('none/x')))
      await expectCode('NOT_DIRECTORY', () => at.fs.rename(at.path('f'), at.path('f/x')))
      await expectCode('IS_DIRECTORY', () => at.fs.rename(at.path('f'), at.path('d')))
      await expectCode('NOT_DIRECTORY', () => at.fs.rename(at.path('d'), at.path('f')))
      await expectCode('EXISTS', () => at.fs.rename(at.path('empty'), at.path('d')))
      await expectCode('IO', () => at.fs.rename(at.path('d'), at.path('d/inner/x')))
      assert.deepEqual(await at.fs.readDir(at.root), ['d', 'empty', 'f'])
    },
  ],
  [
    'rename replaces an empty directory',
    async at => {
      await at.fs.makeDir(at.path('d/inner'))
      await at.fs.makeDir(at.path('empty'))
      await at.fs.rename(at.path('d'), at.path('empty'))
      assert.deepEqual(await at.fs.readDir(at.path('empty')), ['inner'])
    },
  ],
  [
    'remove takes files, whole directories and nothing',
    async at => {
      await at.put('f', '')
      await at.fs.makeDir(at.path('d/e'))
      await at.put('d/e/f', '')
      await at.fs.remove(at.path('f'))
      await at.fs.remove(at.path('d'))
      await at.fs.remove(at.path('none'))
      await at.fs.remove(at.path('none/below'))
      assert.deepEqual(await at.fs.readDir(at.root), [])
    },
  ],
  [
    'remove below a file does nothing',
    async at => {
      await at.put('f', 'stays')
      await at.fs.remove(at.path('f/below'))
      assert.equal(await at.text('f'), 'stays')
    },
  ],
]

export const dirCases: readonly NamedCheck[] = [...listing, ...moving]
