import type { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { CommandHeader } from './command-header.ts';
import { type ExtFields, NO_EXT_FIELDS } from './ext-fields.ts';
import { languageNames } from './language-code.ts';
import { readSendAnswerJson } from './send-answer-json.ts';

/**
 * Writes the JSON header: one object with `code`, `language` (by name), `version`, `opaque`, `flag`, and `remark` and
 * `extFields` where there are any. Absent ext fields are left out; empty ones stay empty strings.
 */
export function writeJsonHeader(writer: ByteWriter, header: CommandHeader): void {
  const { sharedFields, extFields } = header;
  writer.utf8(
    JSON.stringify({
      code: header.code,
      language: languageNames[header.language] ?? 'OTHER',
      version: header.version,
      opaque: header.opaque,
      flag: header.flag,
      remark: header.remark,
      extFields: sharedFields === undefined ? extFields : { ...sharedFields.fields, ...extFields },
    }),
  );
}

/** So many headers a process reads without `readSendAnswerJson`: until it runs often, compiling it costs more than it saves. */
const READ_BY_PARSER = 64;
let headersRead = 0;

/**
 * Reads a JSON header, as part of the command whose body is given. Unknown keys are ignored; a header that is no JSON object
 * is an error.
 */
export function readJsonHeader<Body>(
  buffer: Buffer,
  start: number,
  end: number,
  body: Body,
): CommandHeader & { readonly body: Body } {
  if (headersRead < READ_BY_PARSER) headersRead++;
  else {
    const sendAnswer = readSendAnswerJson(buffer, start, end, body);
    if (sendAnswer !== undefined) return sendAnswer;
  }
  let header: unknown;
  try {
    header = JSON.parse(buffer.toString('utf8', start, end));
  } catch (cause) {
    throw new RemotingCommandError('header is not JSON', start, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new RemotingCommandError('header is not a JSON object', start);
  }
  const { code, language, version, opaque, flag, remark, extFields } = header as Record<string, unknown>;
  if (!isInteger(code) || !isInteger(opaque) || !isInteger(flag)) {
    throw new RemotingCommandError('header without integer code, opaque and flag', start);
  }
  return {
    code,
    language: typeof language === 'string' ? (languageNames as readonly string[]).indexOf(language) : -1,
    version: isInteger(version) ? version : 0,
    opaque,
    flag,
    remark: typeof remark === 'string' ? remark : undefined,
    extFields: extFields == null ? NO_EXT_FIELDS : readExtFields(extFields, start),
    body,
  };
}

function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

function readExtFields(value: unknown, offset: number): ExtFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RemotingCommandError('extFields is not a JSON object', offset);
  }
  const fields = value as Record<string, unknown>;
  for (const name in fields) {
    const field = fields[name];
    if (typeof field === 'string') continue;
    // Servers write strings only; a number or truth value is read as its text, null as absent.
    if (typeof field === 'object' && field !== null) {
      throw new RemotingCommandError(`ext field "${name}" is not text`, offset);
    }
    fields[name] = field === null ? undefined : String(field);
  }
  return fields as ExtFields;
}
