import { readlinkSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { getPriority, platform } from 'node:os'
import { expect, test } from 'vitest'
import { lowerOtherThreads, lowerThread, ownThreadLink } from '../src/embed/thread-priority.ts'
import * as limits from '../src/limits.ts'

/** Runs in a process of its own, whose first thread this is. */
const isLinux = platform() === 'linux'

test.runIf(isLinux)('all other threads go behind the loop, which stays where it is', async () => {
  const before = getPriority(process.pid)
  await lowerOtherThreads()
  expect(getPriority(process.pid)).toBe(before)
  const links = await Promise.all(Array.from({ length: 64 }, () => readlink(ownThreadLink)))
  for (const link of new Set(links)) {
    const thread = Number(link.split('/').at(-1))
    expect(thread).not.toBe(process.pid)
    expect(getPriority(thread)).toBe(Math.max(before, limits.otherThreadsNice))
  }
})

test.runIf(isLinux)('the first thread is left alone', () => {
  const before = getPriority(process.pid)
  lowerThread(readlinkSync(ownThreadLink), before + 1)
  lowerThread('nonsense', before + 1)
  expect(getPriority(process.pid)).toBe(before)
})
