/** Placeholder door until the contract cases stand. */
export {}
