/** A running RocketMQ cluster, embedded or real, as far as `npm start`, tests and benchmarks need to know it. */
export interface ClusterHandle extends AsyncDisposable {
  /** What it is: in this process, or the release of the Java processes. */
  readonly kind: 'embedded' | '5.5.0' | '4.9.5';
  /** As `host:port`. */
  readonly nameServerAddrs: readonly string[];
  /** Masters, as name servers tell them, as `host:port`. */
  readonly brokerAddrs: readonly string[];
  /** Stops everything. May be called twice. */
  stop(): Promise<void>;
}
