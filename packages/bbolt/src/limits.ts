/** bbolt's limits and ours. Sizes in bytes unless the name says otherwise. */

/** Smallest and largest page size: the powers of two that bbolt's own search for the second meta page tries. */
export const pageSizeMin = 1024
export const pageSizeMax = 33_554_432

/** The page size of a file that we write unless said otherwise: that of the systems etcd runs on. */
export const pageSizeDefault = 4096

/** Longest key and longest bucket name, as in bbolt. */
export const keyBytesMax = 32_768

/** Longest value, as in bbolt: 2^31 − 2. */
export const valueBytesMax = 2_147_483_646

/** Largest tree page with its overflow that is read: one value of the greatest length and its surroundings. */
export const treePageBytesMax = 2_214_592_512

/** Levels of one tree. Branches have at least two children, so that 2^40 pages need no more; 64 leaves room. */
export const treeDepthMax = 64

/** A walk reads ahead up to this many bytes when pages follow each other on disk. */
export const readAheadBytes = 262_144

/** Output is handed on in pieces of about this size; one item that needs more comes as one piece. */
export const chunkBytes = 262_144

/** `check` keeps this many problems and only counts the rest. */
export const problemsMax = 100

/** Length of the SHA-256 at the end of a backup. */
export const trailerBytes = 32
