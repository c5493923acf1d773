/** Largest `.snap` file that is read; etcd writes a few hundred kilobytes. */
export const snapFileBytesMax: number = 512 * 1024 * 1024
