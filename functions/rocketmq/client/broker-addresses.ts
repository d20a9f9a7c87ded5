import { OptionsError } from '../errors.ts';
import type { TopicRouteData } from '../protocol/topic-route-data.ts';
import { addrFaults } from '../remoting/addr.ts';

/** How far a broker's second port, for clients that want priority, lies below the first. */
const VIP_PORT_DISTANCE = 2;

/** Where brokers are reached, where that is not what they advertise. */
export interface AddressOptions {
  /** Address to use, by address advertised. */
  readonly addressMap?: Readonly<Record<string, string>> | undefined;
  /** Use the port two below the advertised one (Java: `vipChannelEnabled`). */
  readonly vipChannel: boolean;
}

/** A route whose broker addresses are those to connect to. */
export function reachableRoute(route: TopicRouteData, { addressMap, vipChannel }: AddressOptions): TopicRouteData {
  if (addressMap === undefined && !vipChannel) return route;
  const reachable = (addr: string) => addressMap?.[addr] ?? (vipChannel ? vipAddr(addr) : addr);
  const brokerDatas = route.brokerDatas.map((broker) => {
    const addrs = Object.entries(broker.brokerAddrs).map(([id, addr]) => [id, reachable(addr)]);
    return { ...broker, brokerAddrs: Object.fromEntries(addrs) };
  });
  return { ...route, brokerDatas };
}

/** The address two ports below; the same one where that is none, so that only its own broker is out of reach. */
function vipAddr(addr: string): string {
  const colon = addr.lastIndexOf(':');
  const vip = `${addr.slice(0, Math.max(0, colon))}:${Number(addr.slice(colon + 1)) - VIP_PORT_DISTANCE}`;
  return addrFaults(addr).length === 0 && addrFaults(vip).length === 0 ? vip : addr;
}

/** @throws OptionsError naming every entry that is not `host:port` to `host:port`. */
export function checkAddressMap(addressMap: Readonly<Record<string, string>>): void {
  const faults = Object.entries(addressMap).flat().flatMap(addrFaults);
  if (faults.length > 0) throw new OptionsError('option "addressMap"', faults);
}
