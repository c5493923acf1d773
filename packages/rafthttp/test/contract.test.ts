import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Net } from '@kvs/net'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { transportContract } from '../src/testing.ts'
import { DriverWorld, tlsNet, VirtualWorld } from './worlds.ts'

describe('over sockets', () => {
  for (const { name, run } of transportContract(async () => new DriverWorld())) test(name, run)
})

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-rafthttp-'))
  let net: Net
  beforeAll(async () => {
    net = await tlsNet(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  for (const { name, run } of transportContract(async () => new DriverWorld(net))) test(name, run)
})

describe('over pipes in memory', () => {
  for (const { name, run } of transportContract(async () => new DriverWorld('memory'))) test(name, run)
})

describe('over a virtual network', () => {
  for (const { name, run } of transportContract(async () => new VirtualWorld())) test(name, run)
})
