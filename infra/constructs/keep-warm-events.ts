const noRecords = { Records: [] };

/**
 * An event that asks a function for nothing, by its folder of `functions/`: due work is done, no message is sent. A test runs each one
 * through its function.
 */
export const keepWarmEvents: Readonly<Record<string, unknown>> = {
  direct: [],
  dynamodb: noRecords,
  eventbridge: [],
  http: { version: '2.0', rawPath: '/openapi.json', requestContext: { http: { method: 'GET' } } },
  kafka: { eventSource: 'aws:kafka', records: {} },
  kinesis: noRecords,
  s3: noRecords,
  schedule: {},
  sns: noRecords,
  sqs: noRecords,
};

/** Sources for which somebody waits until the function has answered, so that no other event of theirs is asynchronous. */
export const synchronousSources: ReadonlySet<string> = new Set(['dynamodb', 'http', 'kafka', 'kinesis', 'sqs']);
