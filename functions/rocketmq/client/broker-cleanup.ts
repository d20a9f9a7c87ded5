import type { RemotingClient } from '../remoting/remoting-client.ts';
import type { BrokerAddrTable } from './broker-addr-table.ts';
import type { BrokerVersionTable } from './broker-version-table.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { InFlightWindows } from './in-flight-windows.ts';
import type { SpareConnections } from './spare-connections.ts';
import type { TopicRouteTable } from './topic-route-table.ts';
import type { TransactionGroups } from './transaction-groups.ts';

/** Where traces of a broker are. */
export interface BrokerTraces {
  readonly brokerAddrTable: BrokerAddrTable;
  readonly topicRouteTable: TopicRouteTable;
  readonly brokerVersionTable: BrokerVersionTable;
  readonly remoting: RemotingClient;
  readonly heartbeats: Heartbeats;
  readonly transactionGroups: TransactionGroups;
  readonly windows: InFlightWindows;
  readonly spareConnections: SpareConnections;
}

/**
 * Forgets brokers that no route has any more (Java: `cleanOfflineBroker`), and ends connections that preferred brokers make
 * needless. What waits on a connection is answered first.
 */
export function cleanUpBrokers(traces: BrokerTraces): void {
  const { brokerAddrTable, topicRouteTable, remoting, heartbeats, transactionGroups } = traces;
  for (const addr of brokerAddrTable.retain(topicRouteTable.brokerAddrs())) {
    remoting.retire(addr);
    heartbeats.forget(addr);
    traces.brokerVersionTable.delete(addr);
    traces.windows.delete(addr);
  }
  // Brokers that may have something to say of their own accord are listened to.
  if (heartbeats.isIdAwaited || transactionGroups.isHolding) return;
  const connected = brokerAddrTable.masters.filter((addr) => remoting.connectionTo(addr) !== undefined);
  const infos = topicRouteTable.topics.flatMap((topic) => topicRouteTable.get(topic)?.publishInfo ?? []);
  for (const addr of traces.spareConnections.find(connected, infos)) remoting.retire(addr);
}
