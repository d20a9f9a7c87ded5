import { type Fault, HttpProblem } from './http-problem.ts';
import type { HttpRequest } from './http-request.ts';
import { type MessageFaults, messageFaults } from './message-faults.ts';
import { MAX_BODY_BYTES, MAX_MESSAGES, type RequestedMessage } from './message-schema.ts';

/** The messages a request asks for, without a fault. */
export interface RequestedMessages {
  readonly messages: readonly RequestedMessage[];
  /** Whether the body was a list, and so the answer is one. */
  readonly isList: boolean;
}

/** Characters that the faults named in one answer take: an ALB passes on no more than 1 MB. */
const MOST_FAULT_CHARS = 250_000;

/** Faults after which no further message is looked at. */
const MOST_FAULTS = 10_000;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the body of a request. Whatever is wrong is told before a message is sent, all of it at once; of more faults
 * than an answer can hold, the first ones.
 * @param now epoch ms.
 * @throws HttpProblem 415, 400, 413 or 422.
 */
export function requestedMessages(request: HttpRequest, now: number): RequestedMessages {
  checkContentType(request);
  const value = parsed(request.body);
  const isList = Array.isArray(value);
  const items: readonly unknown[] = isList ? value : [value];
  if (items.length > MAX_MESSAGES) {
    const detail = `must have at most ${MAX_MESSAGES} messages, but has ${items.length}`;
    throw invalid([{ pointer: '#', detail }]);
  }
  checkFaults(faultsOf(items, isList, now));
  return { messages: items as readonly RequestedMessage[], isList };
}

function faultsOf(items: readonly unknown[], isList: boolean, now: number): MessageFaults {
  const form: Fault[] = [];
  const size: Fault[] = [];
  for (const [index, item] of items.entries()) {
    const faults = messageFaults(item, isList ? `#/${index}` : '#', now);
    // One by one: a call with as many arguments as a message can have faults would be too much for the stack.
    for (const fault of faults.form) form.push(fault);
    for (const fault of faults.size) size.push(fault);
    if (form.length > MOST_FAULTS) break;
  }
  return { form, size };
}

function checkContentType({ header }: HttpRequest): void {
  const [type = 'application/json'] = header('content-type');
  const [media = '', ...parameters] = type.toLowerCase().split(';');
  const isJson = /^application\/(json|[^\s/]+\+json)$/.test(media.trim());
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  const isPlain = header('content-encoding').every((encoding) => encoding.toLowerCase() === 'identity');
  if (isJson && isUtf8 && isPlain) return;
  throw new HttpProblem(415, {
    code: 'unsupported-media-type',
    detail: isPlain
      ? 'the body must be application/json in UTF-8; bytes go into it as bodyBase64'
      : 'the body must come without a content encoding',
  });
}

function parsed(body: Uint8Array): unknown {
  if (body.length === 0) throw malformed('the body is empty: it must be a message or a list of messages, as JSON');
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    // What the decoder says is about its own options; where the byte is, it does not tell.
    throw malformed('the body is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`the body is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`);
  }
}

function malformed(detail: string): HttpProblem {
  return new HttpProblem(400, { code: 'malformed-body', detail });
}

function checkFaults({ form, size }: MessageFaults): void {
  if (form.length > 0) throw invalid([...form, ...size]);
  if (size.length === 0) return;
  throw new HttpProblem(413, {
    code: 'message-too-large',
    detail: `the body of a message may have ${MAX_BODY_BYTES} bytes at most; nothing was sent`,
    limitBytes: MAX_BODY_BYTES,
    errors: size,
  });
}

function invalid(faults: readonly Fault[]): HttpProblem {
  const count = faults.length > MOST_FAULTS ? `more than ${MOST_FAULTS} faults` : countOf(faults.length);
  const errors = named(faults);
  const shown = errors.length < faults.length ? `, of which ${errors.length} are named` : '';
  return new HttpProblem(422, {
    code: 'invalid-message',
    detail: `the body has ${count}${shown}; nothing was sent`,
    errors,
  });
}

function countOf(faults: number): string {
  return faults === 1 ? 'one fault' : `${faults} faults`;
}

/** The first faults, as many as an answer can hold. The name of a field can be as long as the request. */
function named(faults: readonly Fault[]): readonly Fault[] {
  let chars = 0;
  const end = faults.findIndex(({ pointer, detail }) => {
    chars += pointer.length + detail.length;
    return chars > MOST_FAULT_CHARS;
  });
  return end === -1 ? faults : faults.slice(0, end);
}
