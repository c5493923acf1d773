/** A hash as bcrypt writes it: version, cost, 22 characters of salt, 31 of hash. What is stored may be anything. */
export const bcryptHashPattern: RegExp = /^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$/
