/** The name of an enum's value; a number the client does not know is shown as it is. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find(name => names[name] === value) ?? String(value)
}
