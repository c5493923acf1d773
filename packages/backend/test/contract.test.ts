import { backendContract } from '@kvs/backend/testing'
import { describe, test } from 'vitest'
import { lmdbPlace, memoryPlace } from './places.ts'

describe('memory', () => {
  for (const { name, run } of backendContract(memoryPlace)) test(name, run)
})

describe('lmdb', () => {
  for (const { name, run } of backendContract(lmdbPlace)) test(name, run)
})
