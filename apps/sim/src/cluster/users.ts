import { prefix } from './watcher.ts'
import { type ClusterWorld, passwordOf } from './world.ts'

const readAndWrite = 2

/** Makes the users `root` and `client`, who may do what the clients do, and switches authentication on. */
export async function makeUsers(world: ClusterWorld): Promise<void> {
  const client = world.client(world.machines)
  const steps: readonly ((options: { readonly timeoutMs: number }) => Promise<unknown>)[] = [
    options => client.auth.addUser({ name: 'root', password: passwordOf('root') }, options),
    options => client.auth.addUser({ name: 'client', password: passwordOf('client') }, options),
    options => client.auth.addRole('root', options),
    options => client.auth.addRole('sim', options),
    options => client.auth.grantPermission({ role: 'sim', keys: { prefix }, permission: readAndWrite }, options),
    options => client.auth.grantRole({ user: 'root', role: 'root' }, options),
    options => client.auth.grantRole({ user: 'client', role: 'sim' }, options),
    options => client.auth.enable(options),
  ]
  for (const step of steps) await untilDone(world, step)
  await client.close()
}

type Step = (options: { readonly timeoutMs: number }) => Promise<unknown>

/** What was done and not answered is refused the second time. */
async function untilDone(world: ClusterWorld, step: Step): Promise<void> {
  for (;;) {
    try {
      await step({ timeoutMs: 1500 })
      return
    } catch (error) {
      const { message } = error as Error
      world.trace.add(world.clock.now(), 'users', message)
      if (/already|user name is empty|authentication/.test(message)) return
      await world.pause(200)
    }
  }
}
