import { RESERVED_PROPERTIES } from '../../functions/rocketmq/protocol/message-properties.ts';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { isWaiting } from './run-cluster.ts';
import { failedInvocationsOf, type RunReport } from './run-report.ts';

/** What happens in a run, as it happens. */
export type Progress =
  | {
      readonly kind: 'cluster';
      readonly cluster: string;
      readonly nameServerAddrs: readonly string[];
      readonly startMs: number;
    }
  | { readonly kind: 'bundle'; readonly source: string; readonly eagerBytes: number; readonly lazyBytes: number }
  | {
      readonly kind: 'invocation';
      readonly name: string;
      readonly isCold: boolean;
      readonly ms: number;
      readonly records: number;
      readonly reported: readonly string[];
      /** Why records failed or were dropped, one by one. */
      readonly reasons: readonly string[];
      readonly dueWork: readonly string[];
      /** How long the process had stood still before; undefined for the first invocation. */
      readonly frozenMs: number | undefined;
      readonly failure: string | undefined;
    }
  | { readonly kind: 'warm'; readonly invocations: number };

/** Prints a step for people. */
export function printProgress(step: Progress): void {
  print(textOf(step));
}

/** Prints without control characters, some of which steer terminals: what comes of events may hold any. */
function print(text: string): void {
  console.log(text.replaceAll(/[^\P{Cc}\n]/gu, '\ufffd'));
}

function textOf(step: Progress): string {
  switch (step.kind) {
    case 'cluster': {
      const title = step.cluster === 'embedded' ? 'embedded' : `RocketMQ ${step.cluster}`;
      return `cluster      ${title}, name server ${step.nameServerAddrs.join('; ')}, up in ${step.startMs} ms`;
    }
    case 'bundle': {
      const [eager, lazy] = [step.eagerBytes, step.lazyBytes].map((bytes) => (bytes / 1000).toFixed(1));
      return `function     ${step.source}: ${eager} kB at start, ${lazy} kB on demand`;
    }
    case 'warm':
      return `             … and ${step.invocations} more warm invocations with new records, frozen in between`;
    case 'invocation': {
      const frozen = step.frozenMs === undefined ? '' : `, thawed after ${step.frozenMs} ms`;
      const due = step.dueWork.length === 0 ? '' : `; due work: ${step.dueWork.join(', ')}`;
      const failed = step.reported.length === 0 ? '' : `; reported as failed: ${step.reported.join(', ')}`;
      const failure = step.failure === undefined ? '' : `; FAILED: ${step.failure}`;
      const temperature = step.isCold ? 'cold' : 'warm';
      const reasons = step.reasons.map((reason) => `\n             ${reason}`).join('');
      return `invocation   ${step.name}: ${temperature}, ${step.ms.toFixed(1)} ms, ${step.records} records${frozen}${due}${failed}${failure}${reasons}`;
    }
  }
}

/** Messages shown of those read back. */
const MOST_SHOWN = 20;

/** Prints what was read back from the broker, and the figures. */
export function printSummary({ summary, messages, lost, leftBehind }: RunReport): void {
  print(`\nread back from the broker${messages.length === 0 ? ': nothing' : ''}`);
  for (const message of messages.slice(0, MOST_SHOWN)) print(`  ${messageText(message)}`);
  if (messages.length > MOST_SHOWN) print(`  … and ${messages.length - MOST_SHOWN} more`);
  const { records, stored, reportedFailed, filtered, dropped, duplicates, coldMs, warmMs } = summary;
  const byMapping = filtered + dropped === 0 ? '' : `${filtered} left out by the filter, ${dropped} dropped, `;
  print(
    `\n${records} records: ${stored} stored, ${reportedFailed} reported as failed, ${byMapping}${duplicates} duplicates, ${lost.length} lost`,
  );
  const { failedInvocations, invocations } = summary;
  const failed = failedInvocationsOf(summary);
  if (failed > 0) {
    print(`${failed} of ${invocations} invocations failed: ${Object.keys(failedInvocations).join(', ')}`);
  }
  const warm = invocations > 1 ? `, warm p50 ${warmMs.p50} ms, p99 ${warmMs.p99} ms` : '';
  print(`cold start ${coldMs} ms (process start to answer)${warm}`);
  if (leftBehind.length > 0) print(`left behind after an invocation: ${leftBehind.join(', ')}`);
  if (lost.length > 0) print(`LOST: ${lost.join(', ')}`);
}

/** Properties that every message has: its keys tell of the record too. */
const ORIGIN = /^aws\.(id|source|traceId)$/;

function messageText(message: StoredMessage): string {
  const { topic, queueId, queueOffset, properties, body } = message;
  const place = isWaiting(message)
    ? `${properties.REAL_TOPIC}, waiting for its time:`
    : `${topic} queue ${queueId} offset ${queueOffset}`;
  const keys = properties.KEYS === undefined ? '' : ` keys ${properties.KEYS}`;
  const tag = properties.TAGS === undefined ? '' : ` tag ${properties.TAGS}`;
  const own = Object.entries(properties).filter(([name]) => !RESERVED_PROPERTIES.has(name) && !ORIGIN.test(name));
  const others = own.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(own))}`;
  const text = body.toString('utf8').replaceAll(/\s+/g, ' ').slice(0, 60);
  return `${place}${keys}${tag}${others} ${text}`;
}
