import type { ClientOptions } from '../client-options.ts';

type OptionalKeys =
  | 'nameServerAddrs'
  | 'fetchNameServerAddrs'
  | 'instanceName'
  | 'unitName'
  | 'namespace'
  | 'namespaceV2'
  | 'credentials'
  | 'tls'
  | 'fetchSecurity'
  | 'addressMap'
  | 'zone'
  | 'fetchZone'
  | 'brokerZones';

/** Options checked, with their defaults in place. */
export type ResolvedClientOptions = Readonly<Required<Omit<ClientOptions, OptionalKeys>>> &
  Pick<ClientOptions, OptionalKeys>;
