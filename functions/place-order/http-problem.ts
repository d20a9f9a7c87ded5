/** What the function answers. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An order that was not placed, or not for certain. `detail` is for the caller, and has nothing of the cluster's inside. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'HttpProblem';
    this.status = status;
    this.headers = headers;
  }

  /** As problem details (RFC 9457). */
  get answer(): HttpAnswer {
    const headers = { 'content-type': 'application/problem+json', ...this.headers };
    return { statusCode: this.status, headers, body: JSON.stringify({ status: this.status, detail: this.message }) };
  }
}
