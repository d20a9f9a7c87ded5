/**
 * Every status this function answers with, and its phrase (RFC 9110; 207 and 424 of RFC 4918). Node's table is in
 * `node:http`.
 */
export const STATUS_CODES = {
  200: 'OK',
  207: 'Multi-Status',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  424: 'Failed Dependency',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

/** A status this function answers with; 424 stands in results only. */
export type Status = keyof typeof STATUS_CODES;
