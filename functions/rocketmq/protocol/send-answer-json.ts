import { Buffer } from 'node:buffer';
import type { CommandHeader } from './command-header.ts';
import { type ExtFields, NO_EXT_FIELDS } from './ext-fields.ts';
import { languageNames } from './language-code.ts';

const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const LAST_ASCII = 0x7f;

/** Values with more bytes are no usual ones, and not kept. */
const LONGEST_KEPT = 64;
/** Of the bytes of a value that a loop looks at. */
const MOST_LOOPED = 128;

/** No whole number of a header has more digits. */
const MOST_DIGITS = 10;

const CODE = Buffer.from('"code":');
const EXT_FIELDS = Buffer.from('"extFields":{');
const FLAG = Buffer.from('"flag":');
const LANGUAGE = Buffer.from('"language":"');
const OPAQUE = Buffer.from('"opaque":');
const REMARK = Buffer.from('"remark":"');
const SERIALIZE_TYPE = Buffer.from('"serializeTypeCurrentRPC":"');
const VERSION = Buffer.from('"version":');

const MSG_ID = Buffer.from('"msgId":"');
const MSG_REGION = Buffer.from('"MSG_REGION":"');
const QUEUE_ID = Buffer.from('"queueId":"');
const QUEUE_OFFSET = Buffer.from('"queueOffset":"');
const RECALL_HANDLE = Buffer.from('"recallHandle":"');
const TRACE_ON = Buffer.from('"TRACE_ON":"');
const TRANSACTION_ID = Buffer.from('"transactionId":"');

/** Where a member's name can first be told from all others: at its first letter, but for two of them. */
const LETTER = 1;
const LETTER_OF_QUEUE = 6;

/**
 * Reads the JSON header of an answer to a send, as part of the command whose body is given, as servers write it: ASCII, no
 * blanks, no escapes, whole numbers, and no ext fields but those of such answers. It takes half the time of `JSON.parse`,
 * which keeps every short text in a table, and less memory than the header has as a text.
 * @returns undefined for any other header, right or wrong: `JSON.parse` has to read it.
 */
export function readSendAnswerJson<Body>(
  buffer: Buffer,
  start: number,
  end: number,
  body: Body,
): (CommandHeader & { readonly body: Body }) | undefined {
  return reader.read(buffer, start, end, body);
}

/** A value that is the same in most answers. Its text is not made again while its bytes are the same. */
interface LastValue {
  bytes: Uint8Array;
  text: string;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

const lastValue = (): LastValue => ({ bytes: NO_BYTES, text: '' });
const lastLanguage = lastValue();
const lastRegion = lastValue();
const lastSerializeType = lastValue();
const lastTraceOn = lastValue();

class SendAnswerReader {
  #buffer = NO_BYTES;
  #end = 0;
  #at = 0;
  /** Set when it turns out to be another header. */
  #isOther = false;

  read<Body>(
    buffer: Buffer,
    start: number,
    end: number,
    body: Body,
  ): (CommandHeader & { readonly body: Body }) | undefined {
    this.#buffer = buffer;
    this.#end = end;
    this.#at = start;
    this.#isOther = false;
    const command = this.#command(body);
    // They may be of one large frame, which is not to be kept.
    this.#buffer = NO_BYTES;
    return command;
  }

  #command<Body>(body: Body): (CommandHeader & { readonly body: Body }) | undefined {
    let code: number | undefined;
    let flag: number | undefined;
    let opaque: number | undefined;
    let version = 0;
    let language = -1;
    let remark: string | undefined;
    let extFields = NO_EXT_FIELDS;
    if (this.#buffer[this.#at++] !== BRACE_OPEN) return undefined;
    do {
      switch (this.#buffer[this.#at + LETTER]) {
        case CODE[LETTER]:
          code = this.#integer(CODE);
          break;
        case EXT_FIELDS[LETTER]:
          extFields = this.#extFields();
          break;
        case FLAG[LETTER]:
          flag = this.#integer(FLAG);
          break;
        case LANGUAGE[LETTER]:
          language = (languageNames as readonly string[]).indexOf(this.#usual(LANGUAGE, lastLanguage));
          break;
        case OPAQUE[LETTER]:
          opaque = this.#integer(OPAQUE);
          break;
        case REMARK[LETTER]:
          remark = this.#string(REMARK);
          break;
        case SERIALIZE_TYPE[LETTER]:
          this.#usual(SERIALIZE_TYPE, lastSerializeType);
          break;
        case VERSION[LETTER]:
          version = this.#integer(VERSION);
          break;
        default:
          return undefined;
      }
    } while (this.#hasMore());
    if (this.#isOther || this.#at !== this.#end) return undefined;
    if (code === undefined || flag === undefined || opaque === undefined) return undefined;
    return { code, language, version, opaque, flag, remark, extFields, body };
  }

  #extFields(): ExtFields {
    let queueId: string | undefined;
    let transactionId: string | undefined;
    let msgId: string | undefined;
    let traceOn: string | undefined;
    let region: string | undefined;
    let queueOffset: string | undefined;
    let recallHandle: string | undefined;
    this.#skip(EXT_FIELDS);
    do {
      switch (this.#buffer[this.#at + LETTER]) {
        case QUEUE_ID[LETTER]:
          if (this.#buffer[this.#at + LETTER_OF_QUEUE] === QUEUE_ID[LETTER_OF_QUEUE]) queueId = this.#string(QUEUE_ID);
          else queueOffset = this.#string(QUEUE_OFFSET);
          break;
        case TRANSACTION_ID[LETTER]:
          transactionId = this.#string(TRANSACTION_ID);
          break;
        case MSG_ID[LETTER]:
          msgId = this.#string(MSG_ID);
          break;
        case TRACE_ON[LETTER]:
          traceOn = this.#usual(TRACE_ON, lastTraceOn);
          break;
        case MSG_REGION[LETTER]:
          region = this.#usual(MSG_REGION, lastRegion);
          break;
        case RECALL_HANDLE[LETTER]:
          recallHandle = this.#string(RECALL_HANDLE);
          break;
        default:
          this.#isOther = true;
      }
    } while (this.#hasMore());
    // Every send is answered by an id; other answers have to say what they do not have by leaving it out.
    if (msgId === undefined) this.#isOther = true;
    return { queueId, transactionId, msgId, TRACE_ON: traceOn, MSG_REGION: region, queueOffset, recallHandle };
  }

  /** Goes past what follows a member of an object; false when it was the last one. */
  #hasMore(): boolean {
    // Behind the header comes the body: it may look like more of it.
    if (this.#at >= this.#end) this.#isOther = true;
    const next = this.#buffer[this.#at++];
    if (next !== COMMA && next !== BRACE_CLOSE) this.#isOther = true;
    return next === COMMA && !this.#isOther;
  }

  /** Goes past a name, which has to come next. */
  #skip(name: Buffer): void {
    if (!this.#isAt(this.#at, name)) this.#isOther = true;
    this.#at += name.length;
  }

  /** Whether these bytes begin at a position. */
  #isAt(position: number, bytes: Uint8Array): boolean {
    const buffer = this.#buffer;
    for (let index = 0; index < bytes.length; index++) {
      if (buffer[position + index] !== bytes[index]) return false;
    }
    return true;
  }

  /** The value of a member. */
  #string(name: Buffer): string {
    const from = this.#value(name);
    return this.#buffer.toString('latin1', from, this.#at - 1);
  }

  /** The value of a member that is the same most of the time. */
  #usual(name: Buffer, last: LastValue): string {
    const from = this.#value(name);
    const buffer = this.#buffer;
    const length = this.#at - 1 - from;
    if (length === last.bytes.length && this.#isAt(from, last.bytes)) return last.text;
    const text = buffer.toString('latin1', from, from + length);
    if (length <= LONGEST_KEPT) {
      last.bytes = Buffer.from(buffer.subarray(from, from + length));
      last.text = text;
    }
    return text;
  }

  /** Goes past a member with a text, and tells where that begins; it ends before the last byte gone past. */
  #value(name: Buffer): number {
    this.#skip(name);
    const buffer = this.#buffer;
    const from = this.#at;
    const end = this.#end;
    const loopEnd = Math.min(end, from + MOST_LOOPED);
    let at = from;
    let byte = buffer[at] ?? 0;
    while (at < loopEnd && byte !== QUOTE) {
      if (byte === BACKSLASH || byte < BLANK || byte > LAST_ASCII) this.#isOther = true;
      byte = buffer[++at] ?? 0;
    }
    if (at === loopEnd && at < end) at = this.#endOfLong(at);
    // One without an end takes all, and nothing right can follow.
    this.#at = at + 1;
    return from;
  }

  /** Where a value ends that goes on here: that of a batch has an id for each message, and a loop takes twice the time. */
  #endOfLong(at: number): number {
    const found = this.#buffer.indexOf(QUOTE, at);
    const valueEnd = found === -1 || found > this.#end ? this.#end : found;
    if (!isLiteral(this.#buffer.toString('latin1', at, valueEnd))) this.#isOther = true;
    return valueEnd;
  }

  #integer(name: Buffer): number {
    this.#skip(name);
    const buffer = this.#buffer;
    const from = this.#at;
    let at = from;
    let value = 0;
    let byte = buffer[at] ?? 0;
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO;
      byte = buffer[++at] ?? 0;
    }
    const digits = at - from;
    if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && buffer[from] === ZERO)) this.#isOther = true;
    this.#at = at;
    return value;
  }
}

/** Whether a text of one byte a character is ASCII, and stands in JSON as it is. */
function isLiteral(text: string): boolean {
  if (Buffer.byteLength(text) !== text.length) return false;
  try {
    return JSON.parse(`"${text}"`) === text;
  } catch {
    return false;
  }
}

/** One for all answers, which come by the thousand. */
const reader = new SendAnswerReader();
