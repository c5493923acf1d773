/** Longest key, without the bucket. LMDB holds 1 978 bytes in a page of 4 096; the rest is reserve. */
export const keyBytesMax = 1_900

/** Longest value. */
export const valueBytesMax = 1_073_741_824

/** Most buckets of one backend: ids are one byte, 0 is the backend's own. */
export const bucketsMax = 255
