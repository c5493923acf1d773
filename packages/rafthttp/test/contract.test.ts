import { describe, test } from 'vitest'
import { transportContract } from '../src/testing.ts'
import { DriverWorld, VirtualWorld } from './worlds.ts'

describe('over sockets', () => {
  for (const { name, run } of transportContract(async () => new DriverWorld('sockets'))) test(name, run)
})

describe('over pipes in memory', () => {
  for (const { name, run } of transportContract(async () => new DriverWorld('memory'))) test(name, run)
})

describe('over a virtual network', () => {
  for (const { name, run } of transportContract(async () => new VirtualWorld())) test(name, run)
})
