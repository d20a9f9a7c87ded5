import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reservePorts } from '../free-ports.ts';
import { JavaServer } from '../real/java-server.ts';
import { JVM_QUICK_START, jvmFilesIn } from '../real/jvm-options.ts';
import { mavenLib } from '../real/maven-lib.ts';
import { temporaryDirectory } from '../real/temporary-directory.ts';

const ARTIFACT = 'com.amazonaws:DynamoDBLocal:2.6.1';
/** Beside the jars of RocketMQ: one Maven at a time fetches what lies side by side. */
const FOLDER = fileURLToPath(new URL('../../.cache/rocketmq/dynamodb-local', import.meta.url));

const PAUSE_MS = 50;
const ROUNDS = 400;

/** A running DynamoDB Local, in memory. */
export interface DynamoDbLocal extends AsyncDisposable {
  /** Endpoint of its API; any credentials and any region will do. */
  readonly url: string;
}

/**
 * Starts AWS's DynamoDB Local from Maven Central; needs Java 17 and Maven. It cannot be told which addresses to listen on, so it
 * listens on all; it ends with this process, whatever ends it.
 * @throws JavaServerStartError with the last log lines when it did not come up.
 */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  await using undo = new AsyncDisposableStack();
  const lib = await mavenLib(FOLDER, [ARTIFACT]);
  const { path: directory } = undo.use(await temporaryDirectory());
  const { base: port } = undo.use(await reservePorts());
  const server = new JavaServer({
    name: 'DynamoDB Local',
    args: [
      ...JVM_QUICK_START,
      ...jvmFilesIn(directory),
      '-Xmx256m',
      `-Djava.library.path=${lib}`,
      '-cp',
      join(lib, '*'),
      'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
      '-inMemory',
      // One set of tables, whoever asks: else each access key and region has its own.
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    env: { JAVA_TOOL_OPTIONS: undefined },
    readyText: 'CorsParams',
  });
  undo.defer(() => server.signal('SIGKILL'));
  await server.start();
  const url = `http://127.0.0.1:${port}`;
  await answers(url);
  const resources = undo.move();
  return { url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Resolves when it answers, whatever it is; it says that it is ready a little before. */
async function answers(url: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    try {
      await fetch(url);
      return;
    } catch {
      await delay(PAUSE_MS); // It does not listen yet.
    }
  }
  throw new Error(`DynamoDB Local does not answer at ${url}`);
}
