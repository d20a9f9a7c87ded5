import type { ClientInstance } from '../client/client-instance.ts';
import { mastersOf } from '../client/topic-publish-info.ts';
import type { Deadline } from '../deadline.ts';
import { RemotingCommandError } from '../errors.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode } from '../protocol/response-code.ts';
import { refusalError } from './send-policy.ts';

/** Where a broker puts half messages that were asked for too often (Java: `TransactionalMessageUtil`), in its one queue. */
const PLACE = { topic: 'TRANS_CHECK_MAX_TIME_TOPIC', queueId: '0' };

/**
 * Counts the half messages that the masters of these topics, writable or not, have given up and still keep. They belong to any
 * group: a broker has one place for all.
 * @throws what keeps one master from being asked: a part of the sum would look like the whole. With ACL 2.0 that is a missing right
 * (`Get` on `TRANS_CHECK_MAX_TIME_TOPIC`); proxies do not tell either.
 */
export async function transactionsGivenUp(
  client: ClientInstance,
  topics: readonly string[],
  deadline: Deadline,
): Promise<number> {
  const infos = await Promise.all(topics.map((topic) => client.publishInfo(topic, deadline)));
  const counts = await Promise.all(
    mastersOf(infos).map(async (addr) => {
      const bounds = [RequestCode.GET_MIN_OFFSET, RequestCode.GET_MAX_OFFSET];
      const asked = bounds.map((code) =>
        client.security.asking(deadline, () => offsetAt(client, addr, code, deadline)),
      );
      const [min = 0, max = 0] = await Promise.all(asked);
      return max - min;
    }),
  );
  return counts.reduce((sum, count) => sum + Math.max(0, count), 0);
}

async function offsetAt(client: ClientInstance, addr: string, code: number, deadline: Deadline): Promise<number> {
  const answer = await client.invoke(addr, { code, extFields: { ...PLACE } }, Math.max(1, deadline.remainingMs()));
  if (answer.code !== ResponseCode.SUCCESS) throw refusalError(addr, answer.code, answer.remark);
  const { offset = '' } = answer.extFields;
  // -1 is how some releases say that there never was a message.
  if (/^-?\d+$/.test(offset)) return Math.max(0, Number(offset));
  throw new RemotingCommandError(`${addr} answered an offset that is none: "${offset}"`, 0);
}
