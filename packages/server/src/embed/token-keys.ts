import { readFile } from 'node:fs/promises'
import { AuthError, keyFileBytesMax, parseTokenOptions } from '@kvs/auth'
import type { TokenKeys } from '../auth/auth-state.ts'
import { ServerError } from '../errors.ts'

/** Reads the key files that `--auth-token` names, if any. Throws `ServerError` (`CONFIG`). */
export async function readTokenKeys(authToken: string): Promise<TokenKeys | undefined> {
  try {
    const options = parseTokenOptions(authToken)
    if (options.kind !== 'jwt') return undefined
    const { publicKeyFile, privateKeyFile } = options
    return { publicKey: await readKey(publicKeyFile), privateKey: await readKey(privateKeyFile) }
  } catch (error) {
    if (error instanceof AuthError) throw new ServerError('CONFIG', error.message, { cause: error })
    throw error
  }
}

async function readKey(path: string | undefined): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined
  let file: Uint8Array
  try {
    file = await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServerError('CONFIG', `cannot read the key of --auth-token: ${reason}`, { cause: error })
  }
  if (file.length > keyFileBytesMax) throw new ServerError('CONFIG', `'${path}' (--auth-token) is too large for a key`)
  return file
}
