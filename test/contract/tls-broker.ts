import type { TlsSettings } from '#rocketmq';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { encodeCreateTopic, topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { RemotingClient } from '../../functions/rocketmq/remoting/remoting-client.ts';
import { steadyClock } from './in-process-function.ts';

const LIMIT_MS = 10_000;

/** A look from outside at a broker that speaks TLS only, with a topic of one queue made on it. */
export interface TlsBroker extends Disposable {
  /** Messages that the topic has taken. */
  stored(): Promise<number>;
}

/** Makes the topic. @throws Error when the broker does not want it */
export async function openTlsBroker(addr: string, topic: string, tls: TlsSettings): Promise<TlsBroker> {
  const remoting = new RemotingClient({
    clock: steadyClock,
    serializeType: 'JSON',
    connectTimeoutMs: LIMIT_MS,
    idleLimitMs: 100_000,
    tls: () => tls,
  });
  const ask = async (code: number, extFields: Readonly<Record<string, string | undefined>>) => {
    const answer = await remoting.invoke(addr, { code, extFields }, LIMIT_MS);
    if (answer.code !== 0) throw new Error(`request ${code} was answered ${answer.code}: ${answer.remark}`);
    return answer.extFields;
  };
  await ask(RequestCode.UPDATE_AND_CREATE_TOPIC, encodeCreateTopic(topicConfig(topic, 1)));
  return {
    stored: async () => Number((await ask(RequestCode.GET_MAX_OFFSET, { topic, queueId: '0' })).offset),
    [Symbol.dispose]: () => remoting.shutdown(),
  };
}
