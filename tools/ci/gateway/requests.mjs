// @ts-check
// What both servers are asked, in this order: every path of the gateway, and what must be refused.

/**
 * @typedef {object} Asked
 * @property {string} path
 * @property {string} [body]
 * @property {string} [method] POST if not given
 * @property {Record<string, string>} [headers]
 * @property {number} [lines] of a stream, after which it is left; without it the answer is read to its end
 */

/** @param {string} text */
const b64 = text => Buffer.from(text).toString('base64')

/** @param {string} path @param {unknown} [body] @param {number} [lines] @returns {Asked} */
const ask = (path, body = {}, lines) => ({
  path,
  body: JSON.stringify(body),
  ...(lines === undefined ? {} : { lines }),
})

/** @param {string} path @param {string} body @returns {Asked} */
const raw = (path, body) => ({ path, body })

const key = b64('foo')
const all = { key: 'AA==', range_end: 'AA==' }

/** @type {readonly Asked[]} */
const keys = [
  ask('/v3/kv/put', { key, value: b64('bar') }),
  ask('/v3/kv/put', { key, value: b64('baz'), prev_kv: true }),
  ask('/v3/kv/put', { key: b64('ünï/\u0000'), value: b64('x'.repeat(5000)) }),
  raw('/v3/kv/put', '{"key":"Zm9\\u0076","value":"YQ==","prevKv":true}'),
  raw('/v3/kv/put', ' \n{ "key" : "bnVsbA==" , "value" : null }\n'),
  ask('/v3/kv/put', {}),
  ask('/v3/kv/put', { key, lease: '99' }),
  ask('/v3/kv/put', { key, ignore_value: true, value: 'YQ==' }),
  ask('/v3/kv/put', { key, ignore_lease: true, lease: 5 }),
  ask('/v3/kv/range', { key }),
  ask('/v3/kv/range', { ...all, limit: 2 }),
  ask('/v3/kv/range', { ...all, limit: '2', sort_order: 'DESCEND', sort_target: 'MOD' }),
  ask('/v3/kv/range', { ...all, sort_order: 2, sort_target: 3 }),
  ask('/v3/kv/range', { ...all, count_only: true }),
  ask('/v3/kv/range', { ...all, keys_only: true }),
  ask('/v3/kv/range', { key, rangeEnd: b64('fop'), serializable: true }),
  ask('/v3/kv/range', { key, revision: 2 }),
  ask('/v3/kv/range', { key, revision: '1000' }),
  ask('/v3/kv/range', { key, revision: '-1' }),
  ask('/v3/kv/range', { ...all, min_mod_revision: 3, max_create_revision: '9223372036854775807' }),
  ask('/v3/kv/range', { key: b64('absent') }),
  raw('/v3/kv/range', '{"key":"-_-_"}'),
  raw('/v3/kv/range', '{"key":"Zg"}'),
  ask('/v3/kv/range', { key, later: { field: [1, { deep: null }] } }),
  ask('/v3/kv/txn', {
    compare: [{ target: 'VERSION', result: 'GREATER', key, version: '0' }],
    success: [{ request_put: { key: b64('t'), value: 'MQ==' } }, { request_range: { key } }],
    failure: [{ request_delete_range: { key } }],
  }),
  ask('/v3/kv/txn', {
    compare: [{ target: 'CREATE', key: b64('t'), create_revision: 1 }],
    success: [],
    failure: [{ requestDeleteRange: { key: b64('t'), prev_kv: true } }, { request_txn: { success: [] } }],
  }),
  ask('/v3/kv/txn', { compare: [{ target: 'VALUE', key, value: b64('baz') }] }),
  ask('/v3/kv/txn', { success: [{ request_put: { key } }, { request_put: { key } }] }),
  ask('/v3/kv/txn', { success: [{}] }),
  ask('/v3/kv/txn', {}),
  ask('/v3/kv/deleterange', { key: b64('null'), prev_kv: true }),
  ask('/v3/kv/deleterange', { key: b64('absent') }),
  ask('/v3/kv/deleterange', {}),
  ask('/v3/kv/compaction', { revision: 3 }),
  ask('/v3/kv/compaction', { revision: 3, physical: true }),
  ask('/v3/kv/compaction', { revision: 99999 }),
  ask('/v3/kv/range', { key, revision: 2 }),
]

/** @type {readonly Asked[]} */
const leases = [
  ask('/v3/lease/grant', { TTL: 600, ID: 7001 }),
  ask('/v3/lease/grant', { TTL: '600', ID: '7001' }),
  ask('/v3/lease/grant', { TTL: '9999999999' }),
  ask('/v3/kv/put', { key: b64('leased'), lease: 7001 }),
  ask('/v3/lease/timetolive', { ID: 7001, keys: true }),
  ask('/v3/kv/lease/timetolive', { ID: 404 }),
  ask('/v3/lease/leases'),
  ask('/v3/kv/lease/leases'),
  raw('/v3/lease/keepalive', '{"ID":7001}'),
  raw('/v3/lease/keepalive', '{"ID":7001}{"ID":"404"} {"ID":7001}'),
  raw('/v3/lease/keepalive', ''),
  ask('/v3/lease/revoke', { ID: 404 }),
  ask('/v3/kv/lease/revoke', { ID: 7001 }),
  ask('/v3/lease/grant', { TTL: 600, ID: '9223372036854775807' }),
  ask('/v3/lease/revoke', { ID: '9223372036854775807' }),
]

/** @type {readonly Asked[]} */
const watches = [
  ask('/v3/watch', { create_request: { ...all, start_revision: 4 } }, 2),
  ask('/v3/watch', { create_request: { key, start_revision: 1 } }, 2),
  ask('/v3/watch', { create_request: { key, start_revision: '-1' } }, 1),
  ask('/v3/watch', { create_request: { key: b64('b'), range_end: b64('a') } }, 1),
  ask('/v3/watch', { create_request: { key, watch_id: 7, filters: ['NOPUT', 1], prev_kv: true } }, 1),
  { path: '/v3/watch', body: '{"create_request":{"key":"YQ=="}}{"create_request":{"key":"Yg=="}}', lines: 2 },
  { path: '/v3/watch', body: '{"create_request":{"key":"YQ=="}}{"cancel_request":{"watch_id":"0"}}', lines: 2 },
  { path: '/v3/watch', body: '{"create_request":{"key":"YQ=="}}{"progress_request":{}}', lines: 2 },
  raw('/v3/watch', '{"create_request":'),
  raw('/v3/watch', 'nonsense'),
]

/** @type {readonly Asked[]} */
const upkeep = [
  ask('/v3/cluster/member/list'),
  ask('/v3/cluster/member/remove', { ID: 5 }),
  ask('/v3/cluster/member/update', { ID: 5, peerURLs: ['http://127.0.0.1:1'] }),
  ask('/v3/cluster/member/promote', { ID: '5' }),
  ask('/v3/cluster/member/add', { peerURLs: ['nonsense'] }),
  ask('/v3/maintenance/status'),
  ask('/v3/maintenance/hash'),
  ask('/v3/maintenance/hashkv', { revision: 99999 }),
  ask('/v3/maintenance/hashkv', { revision: 5 }),
  ask('/v3/maintenance/alarm', { action: 'GET', alarm: 'NOSPACE' }),
  ask('/v3/maintenance/alarm', { action: 'ACTIVATE', memberID: '77', alarm: 'NOSPACE' }),
  ask('/v3/maintenance/alarm', {}),
  ask('/v3/maintenance/alarm', { action: 2, memberID: 77, alarm: 1 }),
  ask('/v3/maintenance/defragment'),
  ask('/v3/maintenance/snapshot', {}, 1),
  ask('/v3/maintenance/transfer-leadership', { targetID: 5 }),
  ask('/v3/maintenance/downgrade', { action: 'VALIDATE', version: '3.1' }),
]

/** @type {readonly Asked[]} */
const users = [
  ask('/v3/auth/status'),
  ask('/v3/auth/enable'),
  ask('/v3/auth/disable'),
  ask('/v3/auth/authenticate', { name: 'a', password: 'b' }),
  ask('/v3/auth/user/add', { name: 'ann', password: 'pw' }),
  ask('/v3/auth/user/add', { name: 'ann', password: 'pw' }),
  ask('/v3/auth/user/add', {}),
  ask('/v3/auth/role/add', { name: 'reader' }),
  ask('/v3/auth/role/add', { name: 'reader' }),
  ask('/v3/auth/role/grant', { name: 'reader', perm: { permType: 'READ', key, range_end: b64('fop') } }),
  ask('/v3/auth/role/grant', { name: 'nobody', perm: { permType: 2, key } }),
  ask('/v3/auth/role/get', { role: 'reader' }),
  ask('/v3/auth/role/list'),
  ask('/v3/auth/user/grant', { user: 'ann', role: 'reader' }),
  ask('/v3/auth/user/get', { name: 'ann' }),
  ask('/v3/auth/user/list'),
  ask('/v3/auth/user/changepw', { name: 'ann', password: 'other' }),
  ask('/v3/auth/user/revoke', { name: 'ann', role: 'reader' }),
  ask('/v3/auth/user/revoke', { name: 'ann', role: 'reader' }),
  ask('/v3/auth/role/revoke', { role: 'reader', key, range_end: b64('fop') }),
  ask('/v3/auth/role/delete', { role: 'reader' }),
  ask('/v3/auth/user/delete', { name: 'ann' }),
  ask('/v3/auth/user/get', { name: 'ann' }),
]

/** @type {readonly Asked[]} */
const held = [
  ask('/v3/lease/grant', { TTL: 600, ID: 7002 }),
  ask('/v3/lock/lock', { name: b64('l'), lease: 7002 }),
  ask('/v3/lock/lock', { name: b64('l'), lease: 7002 }),
  ask('/v3/lock/lock', { name: b64('l'), lease: 404 }),
  ask('/v3/kv/range', { key: b64('l/1b5a') }),
  ask('/v3/lock/unlock', { key: b64('l/1b5a') }),
  ask('/v3/lock/unlock', {}),
  ask('/v3/election/leader', { name: b64('e') }),
  ask('/v3/election/campaign', { name: b64('e'), lease: 7002, value: b64('one') }),
  ask('/v3/election/campaign', { name: b64('e'), lease: 7002, value: b64('two') }),
  ask('/v3/election/campaign', { name: b64('e'), lease: 404, value: b64('two') }),
  ask('/v3/election/leader', { name: b64('e') }),
  ask('/v3/election/observe', { name: b64('e') }, 1),
  ask('/v3/election/proclaim', { leader: { name: b64('e'), key: b64('e/1b5a'), rev: 1, lease: 7002 }, value: 'eA==' }),
  ask('/v3/election/proclaim', {}),
  ask('/v3/election/resign', { leader: { name: b64('e'), key: b64('e/1b5a'), rev: 1, lease: 7002 } }),
  ask('/v3/election/resign', {}),
]

const deep = 2000

/** @type {readonly Asked[]} */
const bad = [
  ...['{', 'x', '{"key":', '{"key":"Zm9v"', '{"key":"Zm9v",}', '{key:1}', '[1,]', '{"key" "x"}', '{"a":tru}', '"a\nb"'],
  ...['{"key":5}', '{"key":"Zm9"}', '{"key":"Z!9v"}', '{"key":{}}', '{"key":"Zm9v","limit":1.5}', '5', 'null', '[]'],
  ...['{"key":"Zm9v","limit":"x"}', '{"key":"Zm9v","limit":99999999999999999999}', '{"key":"Zm9v","limit":-0}'],
  ...['{"key":"Zm9v","sort_order":"NOSUCH"}', '{"key":"Zm9v","sort_order":77}', '{"key":"Zm9v","serializable":"true"}'],
  ...[
    '{"key":"Zm9v"}{"key":"YmFy"}',
    '{"key":"Zm9v"} trailing',
    '',
    '   ',
    '{"key":"Zm9v","limit":1e0}',
    '{"a":"\\x"}',
  ],
  ...[`{"x":${'['.repeat(deep)}${']'.repeat(deep)},"key":"Zm9v"}`, '{"key":"Zm9v","key":"YmFy"}', '{"a":"\\u12"}', '-'],
].map(body => raw('/v3/kv/range', body))

/** @type {readonly Asked[]} */
const ways = [
  ...['GET', 'PUT', 'DELETE', 'HEAD', 'PATCH'].map(method => ({ path: '/v3/kv/range', method })),
  { path: '/v3/kv/range', method: 'OPTIONS' },
  { path: '/nothing', method: 'OPTIONS' },
  ...['/v3/nothing', '/v3/', '/v3', '/v3/kv', '/v3/kv/range/', '//v3/kv/range', '/v3//kv/range', '/v4/kv/range'].map(
    path => raw(path, `{"key":"${key}"}`),
  ),
  ...['/v3/../v3/kv/range', '/v3/./kv/range', '/v3/kv%2Frange', '/v3beta/kv/range', '/v3alpha/kv/range'].map(path =>
    raw(path, `{"key":"${key}"}`),
  ),
  ...['/v3/kv/range?key=YQ==', '/v3/kv/range?', '/V3/kv/range', '/v3/kv/range%00', '/v3/kv/rangestream'].map(path =>
    raw(path, `{"key":"${key}"}`),
  ),
  { ...ask('/v3/kv/range', { key }), headers: { 'x-http-method-override': 'GET' } },
  { ...ask('/v3/kv/range', { key }), headers: { 'content-type': 'text/plain', accept: 'text/html' } },
  { ...ask('/v3/kv/range', { key }), headers: { 'grpc-timeout': 'soon' } },
  { ...ask('/v3/kv/range', { key }), headers: { 'grpc-timeout': '5S', 'grpc-metadata-hasleader': 'true' } },
  { ...ask('/v3/kv/range', { key }), headers: { origin: 'http://elsewhere' } },
]

export const requests = [...keys, ...leases, ...watches, ...upkeep, ...users, ...held, ...bad, ...ways]
