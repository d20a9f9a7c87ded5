/** What a contender is asked to do in one round. The same line of JSON goes to contenders in Node and in Java. */
export interface Load {
  /** Sends in flight. */
  readonly window: number;
  readonly bodyBytes: number;
  /** Messages of one send; 1 is a single send, more is a batch. */
  readonly batch: number;
  /** Time under the same load before the measured part; not counted. */
  readonly warmupMs: number;
  /** Time of the measured part. */
  readonly durationMs: number;
  /** Ends the measured part after so many sends instead of by time, for counting bytes. */
  readonly sends?: number;
}

/** What a contender did in the measured part of a round. */
export interface Round {
  /** Messages that the broker confirmed. */
  readonly messages: number;
  /** Sends that failed. */
  readonly failed: number;
  readonly elapsedMs: number;
  /** CPU time of the whole process, in µs. */
  readonly cpuUs: number;
  /** Of single sends one at a time: time from the call to the confirmation, in µs. */
  readonly p50Us?: number;
  readonly p99Us?: number;
  /** Of its sockets, from contenders that no TCP proxy can be put before. */
  readonly sentBytes?: number;
  readonly receivedBytes?: number;
}

/** Where a contender finds the cluster; handed to it in `BENCH_TARGET` as JSON. */
export interface Target {
  readonly nameServerAddrs: readonly string[];
  readonly brokerAddr: string;
  /** Of a proxy, for clients that speak gRPC. */
  readonly grpcAddr?: string;
  readonly topic: string;
}

/** Lines a contender writes for the bench begin so; what a library logs does not. */
export const ANSWER_MARK = '@bench ';
