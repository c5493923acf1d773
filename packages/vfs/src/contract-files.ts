import * as assert from 'node:assert/strict'
import { encode, expectCode, type NamedCheck, readText } from './contract.ts'

const opening: readonly NamedCheck[] = [
  [
    'open read and write need an existing file',
    async at => {
      await expectCode('NOT_FOUND', () => at.open('none', 'read'))
      await expectCode('NOT_FOUND', () => at.open('none', 'write'))
      await expectCode('NOT_FOUND', () => at.open('none/below', 'create'))
    },
  ],
  [
    'create makes a file and empties an existing one',
    async at => {
      await at.put('a', 'something')
      const file = await at.open('a', 'create')
      assert.equal(await file.sizeBytes(), 0)
    },
  ],
  [
    'create-new refuses an existing file',
    async at => {
      await at.open('a', 'create-new')
      await expectCode('EXISTS', () => at.open('a', 'create-new'))
    },
  ],
  [
    'write mode keeps the content',
    async at => {
      await at.put('a', 'hello')
      const file = await at.open('a', 'write')
      file.writeSync(encode('J'), 0)
      assert.equal(await at.text('a'), 'Jello')
    },
  ],
  [
    'a directory cannot be opened',
    async at => {
      await at.fs.makeDir(at.path('d'))
      for (const mode of ['read', 'write', 'create'] as const)
        await expectCode('IS_DIRECTORY', () => at.open('d', mode))
      await expectCode('EXISTS', () => at.open('d', 'create-new'))
    },
  ],
  [
    'a file is no directory on the way',
    async at => {
      await at.put('a', 'x')
      await expectCode('NOT_DIRECTORY', () => at.open('a/b', 'create'))
    },
  ],
  [
    'a file opened for reading refuses changes',
    async at => {
      await at.put('a', 'hello')
      const file = await at.open('a', 'read')
      await expectCode('READ_ONLY', () => file.write(encode('x'), 0))
      await expectCode('READ_ONLY', () => file.writeSync(encode('x'), 0))
      await expectCode('READ_ONLY', () => file.truncate(0))
      await expectCode('READ_ONLY', () => file.allocate(10))
      await expectCode('READ_ONLY', () => file.lock())
      assert.equal(await readText(file), 'hello')
    },
  ],
]

const bytes: readonly NamedCheck[] = [
  [
    'read is short only at the end',
    async at => {
      await at.put('a', '0123456789')
      const file = await at.open('a', 'read')
      const target = new Uint8Array(4)
      assert.equal(await file.read(target, 3), 4)
      assert.deepEqual(target, encode('3456'))
      assert.equal(await file.read(target, 8), 2)
      assert.equal(file.readSync(target, 2), 4)
      assert.deepEqual(target, encode('2345'))
      assert.equal(file.readSync(target, 7), 3)
      assert.equal(file.readSync(target, 99), 0)
      assert.equal(await file.read(target, 10), 0)
      assert.equal(await file.read(target, 99), 0)
      assert.equal(await file.read(new Uint8Array(0), 0), 0)
    },
  ],
  [
    'a write behind the end leaves zeros between',
    async at => {
      const file = await at.open('a', 'create')
      await file.write(encode('ab'), 0)
      await file.write(encode('z'), 5000)
      assert.equal(await file.sizeBytes(), 5001)
      const target = new Uint8Array(5001)
      assert.equal(await file.read(target, 0), 5001)
      assert.deepEqual(target.subarray(0, 3), new Uint8Array([97, 98, 0]))
      assert.ok(target.subarray(2, 5000).every(byte => byte === 0))
      assert.equal(target[5000], 122)
    },
  ],
  [
    'an empty write changes nothing',
    async at => {
      const file = await at.open('a', 'create')
      await file.write(new Uint8Array(0), 100)
      file.writeSync(new Uint8Array(0), 100)
      assert.equal(await file.sizeBytes(), 0)
    },
  ],
  [
    'write takes the bytes it was given, not later ones',
    async at => {
      const file = await at.open('a', 'create')
      const buffer = encode('first')
      await file.write(buffer, 0)
      buffer.set(encode('other'))
      file.writeSync(buffer.subarray(0, 0), 0)
      assert.equal(await readText(file), 'first')
    },
  ],
  [
    'writes of a view write only the view',
    async at => {
      const file = await at.open('a', 'create')
      const whole = encode('0123456789')
      await file.write(whole.subarray(2, 5), 0)
      file.writeSync(whole.subarray(7, 9), 3)
      assert.equal(await readText(file), '23478')
    },
  ],
  [
    'overlapping calls on disjoint ranges all arrive',
    async at => {
      const file = await at.open('a', 'create')
      const piece = 3000
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => file.write(new Uint8Array(piece).fill(i + 1), (19 - i) * piece)),
      )
      const target = new Uint8Array(20 * piece)
      assert.equal(await file.read(target, 0), target.length)
      target.forEach((byte, i) => {
        assert.equal(byte, 20 - Math.floor(i / piece))
      })
    },
  ],
  [
    'a large write arrives whole',
    async at => {
      const file = await at.open('a', 'create')
      const large = new Uint8Array(3_000_001).map((_, i) => (i * 7) & 0xff)
      await file.write(large, 13)
      await file.datasync()
      const target = new Uint8Array(large.length)
      assert.equal(await file.read(target, 13), large.length)
      assert.ok(target.every((byte, i) => byte === large[i]))
    },
  ],
  [
    'truncate cuts, and extends with zeros',
    async at => {
      const file = await at.open('a', 'create')
      await file.write(encode('0123456789'), 0)
      await file.truncate(4)
      assert.equal(await readText(file), '0123')
      await file.truncate(8)
      assert.equal(await readText(file), '0123\0\0\0\0')
      await file.truncate(0)
      assert.equal(await file.sizeBytes(), 0)
    },
  ],
  [
    'allocate extends with zeros and never cuts',
    async at => {
      const file = await at.open('a', 'create')
      await file.write(encode('keep'), 0)
      await file.allocate(2_500_000)
      assert.equal(await file.sizeBytes(), 2_500_000)
      const target = new Uint8Array(2_500_000)
      assert.equal(await file.read(target, 0), 2_500_000)
      assert.deepEqual(target.subarray(0, 4), encode('keep'))
      assert.ok(target.subarray(4).every(byte => byte === 0))
      await file.allocate(10)
      assert.equal(await file.sizeBytes(), 2_500_000)
    },
  ],
]

const handles: readonly NamedCheck[] = [
  [
    'calls on a closed file fail, close again does not',
    async at => {
      const file = await at.open('a', 'create')
      await file.close()
      await file.close()
      await expectCode('CLOSED', () => file.read(new Uint8Array(1), 0))
      await expectCode('CLOSED', () => file.write(encode('x'), 0))
      await expectCode('CLOSED', () => file.writeSync(encode('x'), 0))
      await expectCode('CLOSED', () => file.datasync())
      await expectCode('CLOSED', () => file.truncate(0))
      await expectCode('CLOSED', () => file.allocate(1))
      await expectCode('CLOSED', () => file.sizeBytes())
      await expectCode('CLOSED', () => file.lock())
    },
  ],
  [
    'close waits for what is in flight',
    async at => {
      const file = await at.open('a', 'create')
      const written = file.write(new Uint8Array(1_000_000).fill(1), 0)
      await file.close()
      await written
      assert.equal((await at.fs.stat(at.path('a')))?.sizeBytes, 1_000_000)
    },
  ],
  [
    'the lock excludes other handles until it is closed',
    async at => {
      await at.put('a', 'x')
      const holder = await at.open('a', 'write')
      const other = await at.open('a', 'write')
      holder.lock()
      holder.lock()
      await expectCode('LOCKED', () => other.lock())
      assert.equal(await readText(other), 'x')
      await holder.close()
      other.lock()
    },
  ],
  [
    'closing another handle of the file keeps the lock',
    async at => {
      await at.put('a', 'x')
      const holder = await at.open('a', 'write')
      holder.lock()
      const passing = await at.open('a', 'read')
      await passing.close()
      const other = await at.open('a', 'write')
      await expectCode('LOCKED', () => other.lock())
    },
  ],
  [
    'a lock follows the file when it is renamed',
    async at => {
      const holder = await at.open('a', 'create')
      holder.lock()
      await at.fs.rename(at.path('a'), at.path('b'))
      const other = await at.open('b', 'write')
      await expectCode('LOCKED', () => other.lock())
    },
  ],
  [
    'a removed file lives on for its open handles',
    async at => {
      const file = await at.open('a', 'create')
      await at.fs.remove(at.path('a'))
      await file.write(encode('ghost'), 0)
      assert.equal(await readText(file), 'ghost')
      assert.equal(await at.fs.stat(at.path('a')), undefined)
    },
  ],
  [
    'a renamed file goes on under its open handle',
    async at => {
      const file = await at.open('a', 'create')
      await at.fs.rename(at.path('a'), at.path('b'))
      file.writeSync(encode('moved'), 0)
      await file.datasync()
      assert.equal(await at.text('b'), 'moved')
    },
  ],
]

export const fileCases: readonly NamedCheck[] = [...opening, ...bytes, ...handles]
