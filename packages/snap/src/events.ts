/** What was done to files besides what was asked for; for the host's log. */
export type SnapEvent =
  /** A `.snap` file could not be read and was renamed to `<file>.broken`. */
  | { readonly type: 'snap-broken'; readonly file: string; readonly reason: string }
  | { readonly type: 'file-removed'; readonly file: string }
  /** A name in the directory that nobody knows. */
  | { readonly type: 'file-ignored'; readonly file: string }

export type SnapEventSink = (event: SnapEvent) => void

/** One line for a log. */
export function describeSnapEvent(event: SnapEvent): string {
  switch (event.type) {
    case 'snap-broken':
      return `renamed '${event.file}' to '${event.file}.broken': ${event.reason}`
    case 'file-removed':
      return `removed '${event.file}'`
    case 'file-ignored':
      return `ignored file '${event.file}' in the snapshot directory`
  }
}
