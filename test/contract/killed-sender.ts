import { createClient, deadlineAfter } from '#rocketmq';
import { DynamoDbTransactionLog } from '../../functions/transaction-log/dynamodb-transaction-log.ts';
import { DynamoDbOverHttp } from './dynamodb-over-http.ts';

// One sandbox that sends one transaction and is killed at a step of it: started as a process of its own.

/** Steps of the protocol, in their order, after each of which a sandbox can be killed. */
const CODES: Readonly<Record<string, number>> = { 'half written': 310, 'end written': 37, 'unregister written': 35 };

const [step = '', topic = '', group = '', nameServerAddr = '', url = '', tableName = ''] = process.argv.slice(2);

const die = () => process.kill(process.pid, 'SIGKILL');
const dieAt = (reached: string) => {
  if (step === reached) die();
};

const client = createClient({
  nameServerAddrs: [nameServerAddr],
  rpcHooks: [
    {
      beforeRequest: (_addr, { code, extFields }) => {
        // When the event loop comes round, the frame has left.
        if (code === CODES[step]) setImmediate(die);
        return extFields;
      },
    },
  ],
});
const dynamo = new DynamoDbOverHttp(url);
const log = new DynamoDbTransactionLog({ tableName, client: () => dynamo });
const upkeep = await client.beginInvocation(deadlineAfter(20_000));
const result = await client.producer({ group }).sendTransaction({ topic, body: 'order' }, async ({ msgId }) => {
  dieAt('half answered');
  const order = { Put: { TableName: `${tableName}-orders`, Item: { orderId: { S: msgId } } } };
  await dynamo.call('TransactWriteItems', { TransactItems: [order, log.commitItem(msgId)] });
  dieAt('row written');
  return 'commit';
});
dieAt('end answered');
if (result.status === 'committed') await log.markDelivered(result.msgId);
dieAt('delivery noted');
await upkeep.end();
die();
