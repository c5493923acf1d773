/** A directive of a golden script; the runner of `@kvs/testing` hands over such ones. */
export interface Directive {
  readonly command: string
  /** `key`, `key=value` or `key=(v1,v2)`; a bare `key` has no values. */
  readonly args: readonly { readonly key: string; readonly values: readonly string[] }[]
  /** The lines after the directive. */
  readonly input: string
}

export function valuesOf(directive: Directive, key: string): readonly string[] | undefined {
  return directive.args.find(arg => arg.key === key)?.values
}

/** Throws if the directive has arguments besides `keys`: a script must not be taken for something it does not say. */
export function onlyKeys(directive: Directive, keys: readonly string[]): void {
  const other = directive.args.find(({ key }) => !keys.includes(key))
  if (other !== undefined) throw new Error(`${directive.command}: unknown argument ${other.key}`)
}
