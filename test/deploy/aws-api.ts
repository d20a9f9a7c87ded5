import { ACCOUNT, REGION } from './ministack.ts';

/** A request to one service. */
interface ApiRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Calls AWS services at one endpoint, by their own protocols. Nothing is signed: the emulator reads who calls what, and believes it. */
export class AwsApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Calls a service that speaks JSON, such as `json('kinesis', 'Kinesis_20131202.PutRecord', {…})`. */
  async json<Answer = unknown>(service: string, target: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    const text = await this.#call(service, { headers, body: JSON.stringify(body) });
    return JSON.parse(text === '' ? '{}' : text);
  }

  /** Calls a service that takes its parameters as a form and answers XML. */
  query(service: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#call(service, { headers, body: String(new URLSearchParams(parameters)) });
  }

  /** Calls a service whose paths are its resources. */
  rest(service: string, method: string, path: string, body?: string | Uint8Array): Promise<string> {
    const headers = { 'content-type': 'application/json' };
    return this.#call(service, { method, path, ...(body !== undefined && { headers, body }) });
  }

  /** Fetches what the emulator has given an address for. Its own name of this machine may lead to another address family. */
  download(address: string): Promise<Response> {
    const { pathname, search } = new URL(address);
    return fetch(`${this.url}${pathname}${search}`);
  }

  async #call(service: string, { method = 'POST', path = '/', headers = {}, body }: ApiRequest): Promise<string> {
    const scope = `Credential=${ACCOUNT}/20260101/${REGION}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`;
    const init = { method, headers: { ...headers, authorization }, ...(body !== undefined && { body }) };
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} answered ${response.status} to ${method} ${path}: ${text}`);
    return text;
  }
}
