// @ts-check
// One request to a gateway, and its answer without what differs between any two clusters.
import { request } from 'node:http'

/** How long an answer may take. */
const answerMsMax = 5000

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} type of its body
 * @property {string} location where it leads to
 * @property {string} origin whose pages may read it
 * @property {unknown} body JSON, a list of it for lines, or text
 */

/**
 * @param {number} port
 * @param {import('./requests.mjs').Asked} asked
 * @returns {Promise<Answer>}
 */
export function answerOf(port, { path, body, method = 'POST', headers = {}, lines }) {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { 'content-type': form, ...headers },
    }
    const sent = request(options, response => {
      let text = ''
      const done = () => {
        clearTimeout(timer)
        const {
          'content-type': type = '',
          location = '',
          'access-control-allow-origin': origin = '',
        } = response.headers
        resolve({ status: response.statusCode ?? 0, type, location, origin, body: bodyOf(text, lines) })
        sent.destroy()
      }
      const timer = setTimeout(done, answerMsMax)
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk
        if (lines !== undefined && text.split('\n').length > lines) done()
      })
      response.on('end', done)
    })
    const late = setTimeout(
      () => resolve({ status: 0, type: '', location: '', origin: '', body: 'no answer' }),
      answerMsMax,
    )
    sent.on('response', () => clearTimeout(late))
    sent.on('error', reject)
    sent.end(body)
  })
}

const form = 'application/x-www-form-urlencoded'

/**
 * @param {string} text
 * @param {number | undefined} lines
 */
function bodyOf(text, lines) {
  const parts = text.split('\n').filter(line => line !== '')
  try {
    const values = parts.slice(0, lines).map(line => normalised(JSON.parse(line)))
    return values.length === 1 ? values[0] : values
  } catch {
    return text
  }
}

/** Ids, figures of the disk and versions; what is there must be there, its value does not count. */
const own = new Set(
  [
    'cluster_id',
    'member_id',
    'raft_term',
    'dbSize',
    'dbSizeInUse',
    'leader',
    'raftIndex',
    'raftAppliedIndex',
    'version',
  ].concat(['hash', 'remaining_bytes', 'blob', 'clientURLs']),
)

/** @param {string} name @param {unknown} value */
function isOwn(name, value) {
  // That of a key is a number.
  if (name === 'version') return typeof value === 'string' && value.includes('.')
  return own.has(name) && value !== '0'
}

/**
 * @param {unknown} value
 * @param {string} [name] of the field it stands in
 * @returns {unknown}
 */
function normalised(value, name = '') {
  if (Array.isArray(value))
    return name === 'clientURLs' || name === 'peerURLs' ? name : value.map(one => normalised(one, name))
  if (typeof value !== 'object' || value === null) return isOwn(name, value) ? `some ${name}` : value
  const pairs = Object.entries(value).map(([field, inner]) => {
    if (field === 'ID' && name === 'members') return [field, 'some ID']
    return [field, normalised(inner, field)]
  })
  return Object.fromEntries(pairs.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}
