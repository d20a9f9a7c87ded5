/** A RocketMQ release that the launcher can run. */
export type RocketMQVersion = '5.5.0' | '4.9.5';

/** What differs between the releases, as data. */
export interface RocketMQRelease {
  /** Modules of `org.apache.rocketmq` whose jars, with all they need, make up the class path. */
  readonly modules: readonly string[];
  /** Whether `bindAddress` is known; without it a server listens on all addresses of the machine. */
  readonly canBind: boolean;
  /** Whether a proxy exists. */
  readonly hasProxy: boolean;
  /** Lines that every broker.conf of this release gets. */
  readonly brokerConfig: Readonly<Record<string, string>>;
  /** Files that the servers do not start without, relative to ROCKETMQ_HOME. */
  readonly files: Readonly<Record<string, string>>;
}

// 4.9.5 exits when its logback files are missing. Warnings only: the line that says "boot success" is printed, not logged.
const CONSOLE_LOGBACK = `<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
`;

/**
 * Lines of broker.conf for clusters that see transactions: a 5.5.0 broker keeps a core busy from 3 s after its first one on, but not
 * where the ends of transactions are recorded one by one, and not looked at again for days. 4.9.5 does so always.
 */
export const ENDS_RECORDED_ONE_BY_ONE: Readonly<Record<string, string>> = {
  transactionOpMsgMaxSize: '1',
  transactionOpBatchInterval: '2000000000',
};

/** The releases by version number. */
export const ROCKETMQ_RELEASES: Readonly<Record<RocketMQVersion, RocketMQRelease>> = {
  '5.5.0': {
    modules: ['rocketmq-namesrv', 'rocketmq-broker', 'rocketmq-tools', 'rocketmq-client', 'rocketmq-proxy'],
    canBind: true,
    hasProxy: true,
    brokerConfig: {
      recallMessageEnable: 'true',
      // Until the first of these intervals is over, `TransactionMetricsFlushService` keeps a core busy: 10 s by default.
      transactionMetricFlushInterval: '500',
      // Each time, every byte of the timer wheel (38 MB) is compared with its copy: a fifth of a core, once a second by default.
      timerFlushIntervalMs: '60000',
    },
    files: {},
  },
  '4.9.5': {
    modules: ['rocketmq-namesrv', 'rocketmq-broker', 'rocketmq-tools', 'rocketmq-client'],
    canBind: false,
    hasProxy: false,
    brokerConfig: {},
    files: {
      'conf/logback_namesrv.xml': CONSOLE_LOGBACK,
      'conf/logback_broker.xml': CONSOLE_LOGBACK,
      'conf/logback_tools.xml': CONSOLE_LOGBACK,
    },
  },
};
