import type { DatabaseHash, DatabaseStatus } from '@kvs/server/offline'
import { CtlError } from '../errors.ts'
import { formatBytes } from '../go-text.ts'
import { renderTable } from '../table.ts'

/** An output format: how it says each answer. */
export interface Format {
  status(status: DatabaseStatus): readonly string[]
  hashKv(hash: DatabaseHash): readonly string[]
}

const statusHeadings = ['hash', 'revision', 'total keys', 'total size', 'version']

function statusRow({ hash, revision, totalKey, totalSizeBytes, version }: DatabaseStatus): string[] {
  return [hash.toString(16), String(revision), String(totalKey), formatBytes(totalSizeBytes), version]
}

const hashHeadings = ['hash', 'hash revision', 'compact revision']

const hashRow = ({ hash, hashRevision, compactRevision }: DatabaseHash): string[] =>
  [hash, hashRevision, compactRevision].map(String)

const simple: Format = {
  status: status => [statusRow(status).join(', ')],
  hashKv: hash => [hashRow(hash).join(', ')],
}

const table: Format = {
  status: status => renderTable(statusHeadings, [statusRow(status)]),
  hashKv: hash => renderTable(hashHeadings, [hashRow(hash)]),
}

const fields: Format = {
  status: ({ hash, revision, totalKey, totalSizeBytes, version }) => [
    `"Hash" : ${hash}`,
    `"Revision" : ${revision}`,
    `"Keys" : ${totalKey}`,
    `"Size" : ${totalSizeBytes}`,
    `"Version" : ${version}`,
  ],
  hashKv: ({ hash, hashRevision, compactRevision }) => [
    `"Hash" : ${hash}`,
    `"Hash revision" : ${hashRevision}`,
    `"Compact revision" : ${compactRevision}`,
  ],
}

const json: Format = {
  status: ({ hash, revision, totalKey, totalSizeBytes: totalSize, version }) => [
    JSON.stringify({ hash, revision, totalKey, totalSize, version }),
  ],
  hashKv: ({ hash, hashRevision, compactRevision }) => [JSON.stringify({ hash, hashRevision, compactRevision })],
}

function unsupported(): never {
  throw new CtlError('badFeature', 'protobuf not supported as output format')
}

const protobuf: Format = { status: unsupported, hashKv: unsupported }

const formats: Readonly<Record<string, Format>> = { simple, table, fields, json, protobuf }

export const formatNamed = (name: string): Format | undefined =>
  Object.hasOwn(formats, name) ? formats[name] : undefined
