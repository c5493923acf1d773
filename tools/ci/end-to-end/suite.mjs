// @ts-check
// A list of named checks that run one after the other, each told as it ends, and their tally as the closing line.

export class Suite {
  #passed = 0
  #failed = 0
  #skipped = 0

  /**
   * @param {string} name
   * @param {() => Promise<void>} body throws when something is not as it should be
   */
  async check(name, body) {
    const startedAtMs = performance.now()
    try {
      await body()
      this.#passed++
      console.log(`ok   ${name} (${Math.round(performance.now() - startedAtMs)} ms)`)
    } catch (error) {
      this.#failed++
      console.log(`FAIL ${name}\n${String(error instanceof Error ? error.stack : error).replace(/^/gm, '     ')}`)
    }
  }

  /**
   * @param {string} name
   * @param {string} why
   */
  skip(name, why) {
    this.#skipped++
    console.log(`skipped: ${name}: ${why}`)
  }

  /** Prints the closing line; returns the exit status. */
  conclude() {
    console.log(`tests: ${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`)
    return this.#failed === 0 ? 0 : 1
  }
}
