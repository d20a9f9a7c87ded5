import { STATUS_CODES, type Status } from './status-codes.ts';

/**
 * One fault of a request body: where it is, as a JSON pointer in URI fragment form (RFC 6901, section 6), and what it
 * is.
 */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** Members of a problem besides those that its status gives. */
export interface ProblemFacts {
  /** What clients match on: stable, unlike the detail. */
  readonly code: string;
  /** For people: what is wrong, and how to mend it. Nothing of the cluster's inside. */
  readonly detail: string;
  /** Every fault of the body at once. */
  readonly errors?: readonly Fault[];
  /** The limit that was passed, in bytes. */
  readonly limitBytes?: number;
  /** Whether the message may be stored all the same; of requests that reached the cluster. */
  readonly outcome?: 'refused' | 'notSent' | 'unknown';
  /** Id of the message that was not stored, to send it again under. */
  readonly msgId?: string;
  /** What became of each message, where none of several was stored. */
  readonly results?: readonly object[];
}

/** Problem details as RFC 9457 has them. */
export interface ProblemDetails extends ProblemFacts {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: Status;
}

/** A request that is answered with problem details. Thrown inside this function, never out of it. */
export class HttpProblem extends Error {
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: Status, facts: ProblemFacts, headers: Readonly<Record<string, string>> = {}) {
    super(facts.detail);
    this.name = 'HttpProblem';
    this.details = { type: 'about:blank', title: STATUS_CODES[status], status, ...facts };
    this.headers = headers;
  }
}
