import type { OptionRule } from './options.ts';
import type { CompressionType } from './producer/body-compression.ts';
import type { SendHook } from './producer/send-hook.ts';

/** Options of `client.producer`. */
export interface ProducerOptions {
  /** Producer group: letters, digits, `%`, `|`, `-`, `_`; at most 120. */
  readonly group: string;
  /** Time limit of one send, in ms, all attempts together. */
  readonly sendTimeoutMs?: number;
  /** Time limit of one attempt, in ms; less than `sendTimeoutMs`, so that another broker can still be tried. */
  readonly attemptTimeoutMs?: number;
  /** Attempts of one send, the first included. */
  readonly maxAttempts?: number;
  /** Largest body, as the brokers' `maxMessageSize` allows it. */
  readonly maxMessageBytes?: number;
  /** Longest delay of a message, as the brokers' `timerMaxDelaySec` allows it. */
  readonly maxDelayMs?: number;
  /** How larger bodies are compressed. Every consumer reads ZLIB. */
  readonly compression?: 'none' | CompressionType;
  /** Bodies from this size on are compressed, if that makes them smaller. */
  readonly compressionThresholdBytes?: number;
  /** Level of ZLIB, 1 (fast) to 9 (small). */
  readonly compressionLevel?: number;
  /** Most messages that `sendAll` puts into one batch request; 1 sends each alone. */
  readonly maxBatchMessages?: number;
  /** Most bytes of one batch request; no more than the brokers' `maxMessageSize`. */
  readonly maxBatchBytes?: number;
  /** Whether a message counts as stored that only the master has, because its disk or slave did not confirm in time. */
  readonly onDegradedStore?: 'accept' | 'fail';
  /** What happens to a message when the queue of its sharding key is gone: it fails (for ten minutes), or moves to another queue. */
  readonly onQueueLost?: 'fail' | 'rehash';
  /** Marks messages as belonging to a unit, for topics that are created with them. */
  readonly unitMode?: boolean;
  /** Records each send in the trace topic, before the invocation returns. */
  readonly trace?: boolean;
  /** See each message before it is sent and after. */
  readonly sendHooks?: readonly SendHook[];
}

/** What each option of `client.producer` takes. */
export const producerOptionRules: Readonly<Record<keyof ProducerOptions, OptionRule>> = {
  group: {
    type: 'string',
    isRequired: true,
    meaning: 'Producer group: letters, digits, percent, vertical bar, hyphen and underscore; at most 120 characters',
  },
  sendTimeoutMs: {
    type: 'integer',
    default: 6000,
    min: 1,
    max: 900_000,
    meaning: 'Time limit of one send, all attempts together',
  },
  attemptTimeoutMs: {
    type: 'integer',
    default: 2000,
    min: 1,
    max: 900_000,
    meaning: 'Time limit of one attempt; must be less than `sendTimeoutMs`',
  },
  maxAttempts: { type: 'integer', default: 3, min: 1, max: 16, meaning: 'Attempts of one send, the first included' },
  maxMessageBytes: {
    type: 'integer',
    default: 4_194_304,
    min: 1,
    max: 16_000_000,
    meaning: "Largest body, as the brokers' `maxMessageSize` allows it",
  },
  maxDelayMs: {
    type: 'integer',
    default: 259_200_000,
    min: 1,
    max: 31_536_000_000,
    meaning: "Longest delay of a message, as the brokers' `timerMaxDelaySec` allows it",
  },
  compression: {
    type: 'one of',
    default: 'ZLIB',
    allowed: ['none', 'ZLIB', 'ZSTD'],
    meaning: 'How larger bodies are compressed; every consumer reads ZLIB',
  },
  compressionThresholdBytes: {
    type: 'integer',
    default: 4096,
    min: 1,
    max: 16_000_000,
    meaning: 'Bodies from this size on are compressed, if that makes them smaller',
  },
  compressionLevel: { type: 'integer', default: 5, min: 1, max: 9, meaning: 'Level of ZLIB, 1 (fast) to 9 (small)' },
  maxBatchMessages: {
    type: 'integer',
    default: 100,
    min: 1,
    max: 10_000,
    meaning: 'Most messages that `sendAll` puts into one batch request; 1 sends each alone',
  },
  maxBatchBytes: {
    type: 'integer',
    default: 1_048_576,
    min: 1,
    max: 16_000_000,
    meaning: "Most bytes of one batch request; no more than the brokers' `maxMessageSize`",
  },
  onDegradedStore: {
    type: 'one of',
    default: 'accept',
    allowed: ['accept', 'fail'],
    meaning:
      'Whether a message counts as stored that only the master has, because its disk or slave did not confirm in time',
  },
  onQueueLost: {
    type: 'one of',
    default: 'fail',
    allowed: ['fail', 'rehash'],
    meaning:
      'Whether a message fails (for ten minutes), or moves to another queue, when the queue of its sharding key is gone',
  },
  unitMode: { type: 'boolean', default: false, meaning: 'Marks messages as belonging to a unit' },
  trace: {
    type: 'boolean',
    default: false,
    meaning: 'Records each send in the trace topic, before the invocation returns',
  },
  sendHooks: { type: 'objects', default: [], meaning: 'See each message before it is sent and after' },
};
