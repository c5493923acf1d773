import { defineConfig, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

/** `src/testing` is left out of the measure: it is what tests run with, and its scripts are data of another project. */
const coverage = {
  provider: 'v8' as const,
  include: ['src/**/*.ts'],
  exclude: ['src/testing.ts', 'src/testing/**'],
  reporter: ['text'],
  thresholds: { branches: 95, functions: 95, lines: 95 },
}

export default mergeConfig(shared, defineConfig({ test: { coverage } }))
