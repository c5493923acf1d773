// @ts-check
// The words of a line of commands, and what can stand in them.
//
//   'text'      as it is
//   "a\n\x01"   with escapes: \n \t \\ \" and \xHH
//   {20*ab}     the text 20 times, anywhere outside of single quotes
//   $name       a value of the side that runs the line, put in when it runs

/** Longer lines of input are made in a server's limits, not by accident. */
const repeatedBytesMax = 4 * 1024 * 1024

/**
 * @param {string} text
 * @returns {string} with `{N*text}` written out; throws if it gets too long
 */
export function repeat(text) {
  return text.replace(/\{(\d+)\*([^{}]+)\}/g, (_, count, part) => {
    if (Number(count) * part.length > repeatedBytesMax) throw new Error(`{${count}*…} is too long`)
    return part.repeat(Number(count))
  })
}

/**
 * @param {string} text
 * @param {ReadonlyMap<string, string>} values
 * @returns {string} with every `$name` replaced; throws if there is no such value
 */
export function substitute(text, values) {
  return text.replace(/\$([a-z][a-z0-9]*)/g, (_, name) => {
    const value = values.get(name)
    if (value === undefined) throw new Error(`nothing was captured as ${name}`)
    return value
  })
}

/**
 * @param {string} line
 * @returns {string[]} throws if a quote is not closed
 */
export function splitWords(line) {
  /** @type {string[]} */
  const words = []
  /** @type {string | undefined} */
  let word
  const token = /(\s+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s'"]+)/y
  while (token.lastIndex < line.length) {
    const match = token.exec(line)
    if (match === null) throw new Error(`a quote is not closed: ${line}`)
    const [, gap, plain, escaped, bare = ''] = match
    if (gap === undefined) word = (word ?? '') + (plain ?? repeat(escaped === undefined ? bare : spelledOut(escaped)))
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  return word === undefined ? words : [...words, word]
}

/** @param {string} text between double quotes */
function spelledOut(text) {
  return text.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return { n: '\n', t: '\t' }[/** @type {string} */ (code)] ?? code
  })
}
