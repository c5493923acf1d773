import { defineConfig } from 'vitest/config'

/** Every folder with a vitest.config.ts of its own is a project. */
export default defineConfig({ test: { projects: ['{packages,apps,tools,examples}/*/vitest.config.ts'] } })
