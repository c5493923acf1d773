/**
 * The simulated wire: a network of hosts in memory on a clock of yours, with delays and faults from a seed. What travels is
 * encoded as on the real one.
 *
 * ```ts
 * const network = virtualNetwork({ clock, random, faults: { delayMs: { min: 0.2, max: 5 } } })
 * const host = network.host('n1')
 * const transport = createTransport({ wire: host.wire, ... })
 * host.listen('http://n1:2380', peerEndpoint({ transport, services, clock, logger }))
 * network.partition(['n1'], ['n2', 'n3'])
 * ```
 */
export type { NetworkFaults } from './memory/lane.ts'
export {
  type VirtualHost,
  type VirtualNetwork,
  type VirtualNetworkOptions,
  virtualNetwork,
} from './memory/virtual-network.ts'
