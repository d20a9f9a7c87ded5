import { setTimeout as delay } from 'node:timers/promises';
import { ResponseCode } from '../functions/rocketmq/protocol/response-code.ts';
import { AdminConnection } from '../local/admin-connection.ts';
import { allDispatched } from '../local/all-dispatched.ts';
import { brokerRuntimeInfo } from '../local/broker-runtime-info.ts';
import { poll } from '../local/poll.ts';
import { COMMIT_LOG_FILE_BYTES } from '../local/real/server-settings.ts';

const DELETE_EXPIRED_COMMITLOG = 329;

const CLEANING_PERIOD_MS = 20;
/** So often a broker cleans its store once it is told to. */
const CLEANINGS = 20;
/** A broker does not clean its store in its first minute. */
const CLEANED_LIMIT_MS = 70_000;
/** Above this the store is emptied. */
const LARGEST_STORE_BYTES = 1024 ** 3;
/** What is left of it: the file that is written, and one that is prepared. */
const EMPTY_STORE_BYTES = 2 * COMMIT_LOG_FILE_BYTES;

/**
 * Settings of a broker whose store is emptied by `makeRoom` and by nothing else.
 *
 * Its queues and its index are filled by one thread, which by default makes two system calls for each message. Under batches
 * it falls seconds behind so, and works that off for a core of its own while others are measured.
 */
export const STORE_SETTINGS: Readonly<Record<string, string>> = {
  putConsumeQueueDataByFileChannel: 'false',
  fileReservedTime: '0',
  // No hour of the day: files that go while the broker still reads them leave its queues broken, and a warning for each message.
  deleteWhen: '99',
  cleanResourceInterval: String(CLEANING_PERIOD_MS),
  deleteFileBatchMax: '1000',
  deleteCommitLogFilesInterval: '1',
  deleteConsumeQueueFilesInterval: '1',
};

/**
 * Has a broker drop what it has stored, if that is more than a GB, while nobody sends. Kept, messages of batches (300 MB
 * a second) fill the memory, where new pages take a broker up to twice as long as old ones, and at last the disk.
 */
export async function makeRoom(brokerAddr: string): Promise<void> {
  await using broker = await AdminConnection.open(brokerAddr);
  if ((await storedBytes(broker)) < LARGEST_STORE_BYTES) return;
  await allDispatched((request) => broker.request(request));
  const { code, remark } = await broker.request({ code: DELETE_EXPIRED_COMMITLOG });
  if (code !== ResponseCode.SUCCESS) throw new Error(`${brokerAddr} does not empty its store: ${code} ${remark}`);
  await poll(CLEANED_LIMIT_MS, `${brokerAddr} to empty its store`, async () =>
    (await storedBytes(broker)) <= EMPTY_STORE_BYTES ? true : undefined,
  );
  await delay(CLEANINGS * CLEANING_PERIOD_MS);
}

async function storedBytes(broker: AdminConnection): Promise<number> {
  const info = await brokerRuntimeInfo((request) => broker.request(request));
  // One that was just started cannot tell, and has stored nothing to speak of.
  return info === undefined ? 0 : Number(info.commitLogMaxOffset) - Number(info.commitLogMinOffset);
}
