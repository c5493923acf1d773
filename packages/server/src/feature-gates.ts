import { ServerError } from './errors.ts'

/** Features that are switched by `--feature-gates`, with etcd's names, stages and defaults. */
const gates = {
  CompactHashCheck: { stage: 'ALPHA', isOn: false },
  FastLeaseKeepAlive: { stage: 'BETA', isOn: true },
  InitialCorruptCheck: { stage: 'ALPHA', isOn: false },
  LeaseCheckpoint: { stage: 'ALPHA', isOn: false },
  LeaseCheckpointPersist: { stage: 'ALPHA', isOn: false },
  PriorityRequest: { stage: 'ALPHA', isOn: false },
  SetMemberLocalAddr: { stage: 'ALPHA', isOn: false },
  StopGRPCServiceOnDefrag: { stage: 'ALPHA', isOn: false },
  TxnModeWriteWithSharedBuffer: { stage: 'BETA', isOn: true },
} as const

export type FeatureGate = keyof typeof gates
/** Which features are on. */
export type FeatureGates = Readonly<Record<FeatureGate, boolean>>

const names = Object.keys(gates) as FeatureGate[]
const groups: Readonly<Record<string, string>> = { AllAlpha: 'ALPHA', AllBeta: 'BETA' }

export const defaultFeatureGates: FeatureGates = Object.fromEntries(
  names.map(name => [name, gates[name].isOn]),
) as FeatureGates

/** Name, stage and state of each, for metrics. */
export function describeFeatureGates(
  features: FeatureGates,
): readonly { readonly name: FeatureGate; readonly stage: string; readonly isOn: boolean }[] {
  return names.map(name => ({ name, stage: gates[name].stage, isOn: features[name] }))
}

/**
 * Reads `Name=true,Other=false`; groups hold for those of their stage that are not named. Throws `ServerError` (`CONFIG`)
 * in the words of Kubernetes' gates.
 */
export function parseFeatureGates(text: string): FeatureGates {
  const said = new Map<string, boolean>()
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(part.trim()) ?? []
    const key = name.trim()
    if (value === undefined) throw new ServerError('CONFIG', `missing bool value for ${key}`)
    if (!Object.hasOwn(gates, key) && !Object.hasOwn(groups, key)) {
      throw new ServerError('CONFIG', `unrecognized feature gate: ${key}`)
    }
    const isOn = booleans[value.trim()]
    if (isOn === undefined) {
      const reason = `strconv.ParseBool: parsing "${value.trim()}": invalid syntax`
      throw new ServerError('CONFIG', `invalid value of ${key}=${value.trim()}, err: ${reason}`)
    }
    said.set(key, isOn)
  }
  const groupOf = (stage: string): boolean | undefined =>
    said.get(Object.keys(groups).find(group => groups[group] === stage) ?? '')
  return Object.fromEntries(
    names.map(name => [name, said.get(name) ?? groupOf(gates[name].stage) ?? gates[name].isOn]),
  ) as FeatureGates
}

/** Go's words for true and false. */
const booleans: Readonly<Record<string, boolean | undefined>> = Object.assign(Object.create(null) as object, {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map(word => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map(word => [word, false])),
})
