import { defineConfig } from 'vitest/config'

/** Tests resolve `@kvs/*` to source through the `@kvs/source` export condition: no build is needed before a test. */
const conditions = ['@kvs/source']

export default defineConfig({
  resolve: { conditions: [...conditions, 'module', 'node', 'import', 'default'] },
  ssr: {
    resolve: { conditions: [...conditions, 'module', 'node', 'import', 'default'], externalConditions: conditions },
  },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    testTimeout: 20_000,
  },
})
