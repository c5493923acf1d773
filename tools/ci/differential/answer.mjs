// @ts-check

/** What a command said and how it ended, as it is compared. */
export class Answer {
  /** @param {{ ended: string, stdout: string, stderr: string }} parts */
  constructor({ ended, stdout, stderr }) {
    this.ended = ended
    this.stdout = stdout
    this.stderr = stderr
  }

  /** @param {Answer} other */
  equals(other) {
    return this.ended === other.ended && this.stdout === other.stdout && this.stderr === other.stderr
  }

  /**
   * This answer with everything that matches `pattern` replaced.
   * @param {string | RegExp} pattern
   * @param {string} by
   */
  with(pattern, by) {
    const replace = (/** @type {string} */ text) => text.replaceAll(pattern, () => by)
    return new Answer({ ended: this.ended, stdout: replace(this.stdout), stderr: replace(this.stderr) })
  }

  describe() {
    return `${this.stdout}${this.stderr}(${this.ended})`
  }
}
