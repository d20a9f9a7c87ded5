import type { SerializeType } from '../../functions/rocketmq/protocol/remoting-command.ts';
import { FrameBlaster } from '../blaster/frame-blaster.ts';
import { serveRounds } from './serve-rounds.ts';
import { TOPIC_QUEUES } from './topic-queues.ts';

/** The frame blaster as a contender; its argument is the serialization of the request headers. */
const serializeType: SerializeType = process.argv[2] === 'JSON' ? 'JSON' : 'ROCKETMQ';

await serveRounds(async ({ brokerAddr, topic }) => {
  const blaster = await FrameBlaster.connect(brokerAddr);
  return { run: (load) => blaster.run(load, { serializeType, topic, queues: TOPIC_QUEUES }) };
});
