/** Settings of a broker that its clients notice, under the names of broker.conf where it has one. */
export interface BrokerSettings {
  /** Longest delay of a timer message, in ms (`timerMaxDelaySec`). Default three days. */
  readonly timerMaxDelayMs: number;
  /** Whether timer messages can be recalled (5.3.2 and later). Default false, as of 5.5.0. */
  readonly recallMessageEnable: boolean;
  /** Whether messages can be found by their id and keys. Default true. */
  readonly messageIndexEnable: boolean;
  /** Age at which a half message may be checked, in ms (`transactionTimeOut`). Default 6000. */
  readonly transactionTimeOutMs: number;
  /**
   * Time between two rounds of checks, in ms by the wall clock; counts from the next start. Default 30000, 60000
   * on 4.9.
   */
  readonly transactionCheckIntervalMs: number;
  /** After so many checks a half message is given up. Default 15. */
  readonly transactionCheckMax: number;
}

/** What a real broker of the release has. */
export function defaultBrokerSettings(isV5: boolean): BrokerSettings {
  return {
    timerMaxDelayMs: 259_200_000,
    recallMessageEnable: false,
    messageIndexEnable: true,
    transactionTimeOutMs: 6_000,
    transactionCheckIntervalMs: isV5 ? 30_000 : 60_000,
    transactionCheckMax: 15,
  };
}
