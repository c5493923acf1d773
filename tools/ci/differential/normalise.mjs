// @ts-check
// What may differ between two servers that behave alike, replaced by a name: ids they chose, sizes of their databases,
// times, and the address of the endpoint. Nothing else: not versions, hashes, revisions or the raft index and term. The
// ids of members and clusters follow from flags that are equal, so they are compared as well.

/**
 * @typedef {object} Side what is known of the server that answered
 * @property {number} port
 * @property {ReadonlyMap<string, string>} leases ids by name, in hexadecimal without leading zeros
 */

/**
 * @param {string} text what an etcdctl command said
 * @param {readonly string[]} words the command
 * @param {Side} side
 * @returns {string}
 */
export function normalise(text, words, side) {
  const named = nameLeases(nameAddress(text, side.port), side.leases)
  const timed = nameTimes(named, words)
  return nameSizes(timed, words)
}

/**
 * All ports have five digits, so tables stay aligned.
 * @param {string} text @param {number} port
 */
function nameAddress(text, port) {
  return text
    .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:<...>')
    .replaceAll(/endpoint:\/\/client-[0-9a-f-]{36}\//g, 'endpoint://client-<id>/')
}

/** @param {string} text @param {ReadonlyMap<string, string>} leases */
function nameLeases(text, leases) {
  let named = text
  for (const [name, hex] of leases) {
    const decimal = BigInt(`0x${hex}`).toString()
    named = named.replaceAll(new RegExp(`(?<![0-9a-f])(0*${hex}|${decimal})(?![0-9a-f])`, 'g'), `<${name}>`)
  }
  // `etcdctl lock lock-x` and `etcdctl elect elect-x` make keys that end with the id of a lease of their own.
  return named.replaceAll(/\b((?:lock|elect)-\w+)\/[0-9a-f]{14,16}\b/g, '$1/<id>')
}

/** @param {string} text @param {readonly string[]} words */
function nameTimes(text, words) {
  const timed = text
    .replaceAll(/"ts":("[^"]*"|[\d.]+)/g, '"ts":"<time>"')
    .replaceAll(/"took":("[^"]*"|[\d.e-]+)/g, '"took":"<time>"')
    .replaceAll(/took = [\d.]+\S*s/g, 'took = <time>')
  if (!isCommand(words, 'lease', 'timetolive')) return timed
  return timed
    .replaceAll(/remaining\(\d+s\)/g, 'remaining(<time>)')
    .replaceAll(/"ttl":\d+/g, '"ttl":<time>')
    .replaceAll(/^"TTL" : \d+$/gm, '"TTL" : <time>')
}

/** @param {string} text @param {readonly string[]} words */
function nameSizes(text, words) {
  const size = /\b[\d.]+ [kMG]?B\b/g
  if (isCommand(words, 'endpoint', 'status') || isCommand(words, 'snapshot', 'status')) {
    return nameColumn(text, /^(DB|TOTAL) SIZE$/)
      .replaceAll(/"(dbSize|dbSizeInUse|totalSize)":\d+/g, '"$1":<size>')
      .replaceAll(/^"(DBSize|DBSizeInUse|Size)" : \d+$/gm, '"$1" : <size>')
      .replaceAll(/(?<=, )[\d.]+ [kMG]?B(?=,|$)/gm, '<size>')
  }
  return isCommand(words, 'snapshot', 'save')
    ? text.replaceAll(/"size":"[^"]*"/g, '"size":"<size>"').replaceAll(size, '<size>')
    : text
}

/** Names the cells of one column of a table; its width goes with them. */
function nameColumn(/** @type {string} */ text, /** @type {RegExp} */ title) {
  if (!text.startsWith('+-')) return text
  const rows = text.split('\n')
  const at = (rows[1] ?? '').split('|').findIndex(cell => title.test(cell.trim()))
  if (at < 0) return text
  return rows
    .map(row => {
      const border = row[0] ?? ''
      const cells = row.split(border)
      if (cells.length > at) cells[at] = border === '+' ? '-' : title.test(cells[at]?.trim() ?? '') ? 'size' : '<size>'
      return border === '' ? row : cells.join(border)
    })
    .join('\n')
}

/** @param {readonly string[]} words @param {string} first @param {string} second */
function isCommand(words, first, second) {
  return words[0] === first && words[1] === second
}
