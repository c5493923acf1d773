// @ts-check
// Clients that are not ours against the real server process: curl over HTTP/1.1, h2c and TLS, gRPC's C core by way of Python;
// messages of more than a megabyte both ways, so that both ends must give windows back.
// apt: curl openssl python3-grpcio
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import { freePorts, inFolder, kvsProgram, Program, run } from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

const curlProgram = '/usr/bin/curl'
const opensslProgram = '/usr/bin/openssl'
const pythonProgram = '/usr/bin/python3'

const suite = new Suite()
const big = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 31))

/**
 * A certificate for 127.0.0.1 that is its own authority.
 * @param {string} folder
 */
async function makeCertificate(folder) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=interop', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const { status, stderr } = await run(opensslProgram, [...request, ...names, '-keyout', key, '-out', cert])
  assert.equal(status, 0, stderr)
  return { key, cert }
}

/**
 * @param {string} folder
 * @param {{ key: string, cert: string }} certificate
 */
async function startTarget(folder, { key, cert }) {
  const [{ client: plain, peer }, { client: tls }] = [await freePorts(), await freePorts()]
  const server = new Program(process.execPath, [
    kvsProgram,
    `--data-dir=${join(folder, 'data')}`,
    `--listen-client-urls=http://127.0.0.1:${plain},https://127.0.0.1:${tls}`,
    `--advertise-client-urls=http://127.0.0.1:${plain}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    `--cert-file=${cert}`,
    `--key-file=${key}`,
  ])
  await server.until('health', async () => {
    const response = await fetch(`http://127.0.0.1:${plain}/health`).catch(() => undefined)
    return response?.status === 200
  })
  return { server, plain, tls }
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {readonly string[]} how flags of curl
 * @param {string} url
 * @param {string} version that must be spoken
 */
async function tryCurl(folder, name, how, url, version) {
  /** @param {readonly string[]} args */
  const curl = async (...args) => {
    const { status, stdout, stderr } = await run(curlProgram, ['-sS', ...how, '-w', '\n%{http_version}', ...args])
    assert.equal(status, 0, stderr)
    const cut = stdout.lastIndexOf('\n')
    assert.equal(stdout.slice(cut + 1), version)
    return stdout.slice(0, cut)
  }
  await suite.check(`curl ${name}: /version and /health`, async () => {
    assert.equal(JSON.parse(await curl(`${url}/version`)).etcdserver, '3.7.1')
    assert.equal(JSON.parse(await curl(`${url}/health`)).health, 'true')
  })
  await suite.check(`curl ${name}: a megabyte there and back`, async () => {
    const key = Buffer.from(`curl ${name}`).toString('base64')
    const file = join(folder, 'put.json')
    writeFileSync(file, JSON.stringify({ key, value: big.toString('base64') }))
    const put = JSON.parse(await curl('--data-binary', `@${file}`, `${url}/v3/kv/put`))
    assert.ok(Number(put.header.revision) > 1)
    const got = JSON.parse(await curl('-d', JSON.stringify({ key }), `${url}/v3/kv/range`))
    assert.equal(got.kvs[0].value, big.toString('base64'))
  })
  await suite.check(`curl ${name}: a path that is none`, async () => {
    const { stdout } = await run(curlProgram, [
      '-sS',
      ...how,
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `${url}/nothing`,
    ])
    assert.equal(stdout, '404')
  })
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
async function tryPython(name, args) {
  await suite.check(`Python's grpcio ${name}`, async () => {
    const script = join(import.meta.dirname, 'interop/client.py')
    const { status, stdout, stderr } = await run(pythonProgram, [script, ...args])
    assert.equal(status, 0, stderr)
    const results = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    )
    assert.deepEqual(results, {
      small: true,
      big: true,
      'big, twenty at once': true,
      'big writes, ten at once': 10,
      'too big': ['RESOURCE_EXHAUSTED', 'grpc: received message larger than max (2800010 vs. 2097152)'],
      'no key': ['INVALID_ARGUMENT', 'etcdserver: key is not provided'],
      'no method': 'UNIMPLEMENTED',
      watched: [true, true, true],
    })
  })
}

/** @returns {Promise<boolean>} */
async function hasGrpcio() {
  if (!existsSync(pythonProgram)) return false
  return (await run(pythonProgram, ['-c', 'import grpc'])).status === 0
}

await inFolder(async folder => {
  if (process.env['KVS_PROGRAM'] === undefined) await build([]).catch(fail)
  if (!existsSync(opensslProgram)) {
    suite.skip('all of it', `${opensslProgram} is not installed: it makes the certificate`)
    process.exitCode = suite.conclude()
    return
  }
  const certificate = await makeCertificate(folder)
  const { server, plain, tls } = await startTarget(folder, certificate)
  if (existsSync(curlProgram)) {
    const [http, https] = [`http://127.0.0.1:${plain}`, `https://127.0.0.1:${tls}`]
    const secure = ['--cacert', certificate.cert]
    await tryCurl(folder, 'HTTP/1.1', ['--http1.1'], http, '1.1')
    await tryCurl(folder, 'h2c', ['--http2-prior-knowledge'], http, '2')
    await tryCurl(folder, 'HTTP/1.1 over TLS', ['--http1.1', ...secure], https, '1.1')
    await tryCurl(folder, 'h2 over TLS', ['--http2', ...secure], https, '2')
  } else suite.skip('curl', `${curlProgram} is not installed`)
  if (await hasGrpcio()) {
    await tryPython('over h2c', [`127.0.0.1:${plain}`])
    await tryPython('over TLS', [`127.0.0.1:${tls}`, certificate.cert])
  } else suite.skip("Python's grpcio", `${pythonProgram} has no module grpc: Debian's python3-grpcio`)
  await server.end('SIGTERM')
  process.exitCode = suite.conclude()
})
