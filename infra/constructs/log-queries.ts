/** A question to the logs, as CloudWatch Logs Insights takes it. */
export interface LogQuery {
  readonly title: string;
  /** Commands, which are joined by `|`. */
  readonly lines: readonly string[];
}

const failures = 'filter ispresent(recordId) and ispresent(code)';

/** Questions that people have when something is wrong. A test holds their fields to what the functions write. */
export const logQueries = {
  failuresByCode: {
    title: 'failures by code',
    lines: [
      // Not each record has a line of its own.
      'filter ispresent(records) and ispresent(code)',
      'stats sum(records) as total by code, cause, outcome, retryable, service',
      'sort total desc',
    ],
  },
  latestFailures: {
    title: 'latest failures',
    lines: [
      'fields @timestamp, service, recordId, code, cause, outcome, reason',
      failures,
      'sort @timestamp desc',
      'limit 100',
    ],
  },
  oneRecord: {
    title: 'one record',
    lines: [
      'fields @timestamp, service, code, cause, outcome, retryable, reason, function_request_id',
      'filter ispresent(code) and @message like "PUT THE RECORD ID HERE"',
      'sort @timestamp asc',
    ],
  },
  possiblyStored: {
    title: 'failures that may be stored all the same',
    lines: [
      'fields @timestamp, service, recordId, code, reason',
      `${failures} and outcome = "unknown"`,
      'sort @timestamp desc',
      'limit 100',
    ],
  },
  poison: {
    title: 'records that no retry can help',
    lines: [
      'fields @timestamp, service, recordId, code, reason',
      // A boolean of JSON reads as 0 or as "false", depending on who discovered the field.
      `${failures} and (retryable = 0 or retryable = "false")`,
      'sort @timestamp desc',
      'limit 100',
    ],
  },
  failedInvocations: {
    title: 'invocations that failed as a whole',
    lines: [
      'fields @timestamp, coalesce(message.errorType, errorType) as error, coalesce(message.errorMessage, errorMessage) as reason',
      'filter ispresent(message.errorType) or ispresent(errorType)',
      'sort @timestamp desc',
      'limit 100',
    ],
  },
  connections: {
    title: 'connections by reason',
    lines: [
      'filter ConnectionsOpened > 0',
      'stats sum(ConnectionsOpened) as opened, sum(ConnectionsOpenedFirst) as first, sum(ConnectionsOpenedIdle) as idle, sum(ConnectionsOpenedClosedByPeer) as closedByPeer, sum(ConnectionsOpenedError) as error, sum(ConnectionsOpenedTimeout) as timeout by bin(5m)',
    ],
  },
  durations: {
    title: 'durations, warm and cold',
    lines: [
      'filter type = "platform.report"',
      'stats count(*) as invocations, count(record.metrics.initDurationMs) as cold, pct(record.metrics.durationMs, 50) as p50, pct(record.metrics.durationMs, 99) as p99, max(record.metrics.initDurationMs) as longestInit, max(record.metrics.maxMemoryUsedMB) as memoryMB by bin(5m)',
    ],
  },
} as const satisfies Readonly<Record<string, LogQuery>>;
