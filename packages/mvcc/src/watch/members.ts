/** A set that is nearly always of one: it has no table then. */
export class Members<Member> {
  private only: Member | undefined
  private several: Set<Member> | undefined

  constructor(first: Member) {
    this.only = first
  }

  get isEmpty(): boolean {
    return this.only === undefined && this.several === undefined
  }

  add(member: Member): void {
    if (this.several !== undefined) this.several.add(member)
    else if (this.only === undefined) this.only = member
    else {
      this.several = new Set([this.only, member])
      this.only = undefined
    }
  }

  delete(member: Member): void {
    if (this.only === member) this.only = undefined
    this.several?.delete(member)
    if (this.several?.size === 0) this.several = undefined
  }

  /** Appends all of them to `found`. */
  collect(found: Member[]): void {
    if (this.only !== undefined) found.push(this.only)
    else if (this.several !== undefined) for (const member of this.several) found.push(member)
  }
}
