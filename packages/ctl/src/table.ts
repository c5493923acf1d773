/** A table with a border, as etcdctl draws it: headings in capitals and in the middle, cells at the right. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const titles = headings.map(heading => heading.replaceAll('_', ' ').toUpperCase())
  const widths = titles.map((title, i) => Math.max(width(title), ...rows.map(row => width(row[i] ?? ''))))
  const rule = `+${widths.map(each => '-'.repeat(each + 2)).join('+')}+`
  const line = (cells: readonly string[], align: (cell: string, to: number) => string): string =>
    `|${widths.map((to, i) => ` ${align(cells[i] ?? '', to)} `).join('|')}|`
  return [rule, line(titles, centre), rule, ...rows.map(row => line(row, right)), ...(rows.length > 0 ? [rule] : [])]
}

const width = (text: string): number => [...text].length

const right = (text: string, to: number): string => ' '.repeat(to - width(text)) + text

function centre(text: string, to: number): string {
  const gap = to - width(text)
  const before = Math.floor(gap / 2)
  return ' '.repeat(before) + text + ' '.repeat(gap - before)
}
