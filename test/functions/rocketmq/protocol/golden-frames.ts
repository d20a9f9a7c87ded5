import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** One captured frame; frames/README.md says how it was captured, and what each field means. */
export interface GoldenFrame {
  /** `<set>/<case>.<kind>`, unique: names tests. */
  readonly name: string;
  /** `<set>/<case>`: the request and the response of one exchange share it. */
  readonly exchange: string;
  readonly kind: 'request' | 'response' | 'push';
  readonly note: string;
  /** The whole frame, length word included, with its body of zeros put back where the capture had cut it off. */
  readonly bytes: Buffer;
  readonly hasRestoredBody: boolean;
  readonly decoded: DecodedFrame;
}

/** The frame as a decoder wrote it down that shares no code with this project, nor with Java. */
export interface DecodedFrame {
  readonly code: number;
  readonly flag: number;
  readonly opaque: number;
  readonly language: string;
  readonly version: number;
  readonly serialization: 'JSON' | 'ROCKETMQ';
  readonly remark: string | null;
  /** A field that a binary header has without a value is null. */
  readonly extFields: Readonly<Record<string, string | null>> | null;
  readonly bodyJson?: unknown;
  readonly bodyText?: string;
  readonly bodyHex?: string;
}

interface IndexEntry {
  readonly file: string;
  readonly kind: GoldenFrame['kind'];
}

interface FrameFile {
  readonly hex: string | null;
  readonly note: string;
  readonly decoded: DecodedFrame | null;
}

const folder = new URL('./frames/', import.meta.url);

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
}

function readFrame({ file, kind }: IndexEntry): GoldenFrame[] {
  const { hex, note, decoded } = readJson<FrameFile>(file);
  if (hex === null || decoded === null) return [];
  const captured = Buffer.from(hex, 'hex');
  const missing = captured.readInt32BE(0) + 4 - captured.length;
  const name = file.replace(/\.json$/, '');
  return [
    {
      name,
      exchange: name.replace(/\.\w+$/, ''),
      kind,
      note,
      bytes: missing > 0 ? Buffer.concat([captured, Buffer.alloc(missing)]) : captured,
      hasRestoredBody: missing > 0,
      decoded,
    },
  ];
}

const index = readJson<IndexEntry[]>('index.json');

/** Every captured frame with bytes. */
export const goldenFrames: readonly GoldenFrame[] = index.flatMap(readFrame);

/** Files of the index whose frame was left out for its size. */
export const framesWithoutBytes: readonly string[] = index
  .map(({ file }) => file)
  .filter((file) => readJson<FrameFile>(file).hex === null);

/** The frame of that name. */
export function goldenFrame(name: string): GoldenFrame {
  const found = goldenFrames.find((frame) => frame.name === name);
  if (found === undefined) throw new Error(`no golden frame ${name}`);
  return found;
}

/** Requests (and pushes) with one of these codes. */
export function goldenRequests(...codes: number[]): readonly GoldenFrame[] {
  return goldenFrames.filter((frame) => frame.kind !== 'response' && codes.includes(frame.decoded.code));
}

/** Successful responses to requests with one of these codes. */
export function goldenAnswers(...codes: number[]): readonly GoldenFrame[] {
  const exchanges = new Set(goldenRequests(...codes).map((frame) => frame.exchange));
  return goldenFrames.filter(
    (frame) => frame.kind === 'response' && frame.decoded.code === 0 && exchanges.has(frame.exchange),
  );
}
