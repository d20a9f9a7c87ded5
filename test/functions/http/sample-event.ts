import { readFileSync } from 'node:fs';

/** An event of `events/http`, as far as tests look into it. */
export interface SampleEvent extends Record<string, unknown> {
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A sample event, by the name of its file. */
export function sampleEvent(name: string): SampleEvent {
  return JSON.parse(readFileSync(new URL(`../../../events/http/${name}.json`, import.meta.url), 'utf8'));
}

/** What a client may change about a request to an HTTP API. */
export interface SampleRequest {
  readonly method?: string;
  readonly path?: string;
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event of an HTTP API, as its sample is but for the request. */
export function requestEvent({ method = 'POST', path = '/messages', body, headers = {} }: SampleRequest): SampleEvent {
  const sample = sampleEvent('http-api');
  const context = sample.requestContext as { readonly http: object };
  return {
    ...sample,
    rawPath: path,
    requestContext: { ...context, http: { ...context.http, method, path } },
    headers: { ...sample.headers, ...headers },
    body: typeof body === 'string' || body === undefined ? (body ?? null) : JSON.stringify(body),
  };
}
