import { readdirSync, readFileSync } from 'node:fs'
import { cpuUsage, memoryUsage, uptime } from 'node:process'
import { counter, gauge, type MetricFamily } from '../metrics/family.ts'

/** What Prometheus' Go client tells about its process, as far as this system says it; read when it is asked for. */
export function processFamilies(): readonly MetricFamily[] {
  const startedAtSeconds = Date.now() / 1000 - uptime()
  const always = [
    counter('process_cpu_seconds_total', 'User and system CPU time of this process.', () => {
      const { user, system } = cpuUsage()
      return (user + system) / 1e6
    }),
    gauge('process_resident_memory_bytes', 'Memory of this process that is in RAM.', () => memoryUsage.rss()),
    gauge('process_start_time_seconds', 'When this process began, in seconds since 1970.', () => startedAtSeconds),
  ]
  return hasProc() ? [...always, ...linuxFamilies()] : always
}

function linuxFamilies(): readonly MetricFamily[] {
  return [
    gauge('os_fd_limit', 'File descriptors this process may have open.', fileDescriptorLimit),
    gauge('os_fd_used', 'File descriptors this process has open.', openFileDescriptors),
    gauge('process_max_fds', 'File descriptors this process may have open.', fileDescriptorLimit),
    gauge('process_open_fds', 'File descriptors this process has open.', openFileDescriptors),
    gauge('process_virtual_memory_bytes', 'Address space of this process.', virtualMemoryBytes),
    gauge('process_virtual_memory_max_bytes', 'Address space this process may have.', () =>
      softLimit('Max address space'),
    ),
  ]
}

/** Soft limit of open files; 0 where the system does not tell. */
export function fileDescriptorLimit(): number {
  return hasProc() ? softLimit('Max open files') : 0
}

function hasProc(): boolean {
  try {
    return readFileSync('/proc/self/limits', 'utf8') !== ''
  } catch {
    return false
  }
}

/** "Unlimited" is the largest number of 64 bits, as in Go. */
function softLimit(name: string): number {
  const line = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find(each => each.startsWith(name))
  const [soft = 'unlimited'] = line?.slice(name.length).trim().split(/\s+/) ?? []
  return soft === 'unlimited' ? 2 ** 64 : Number(soft)
}

/** Without the one that this look takes. */
function openFileDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1
}

function virtualMemoryBytes(): number {
  const kilobytes = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes ?? 0) * 1024
}
