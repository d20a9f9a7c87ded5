import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithParent } from './end-with-parent.ts';

/** A directory that goes when it is disposed of, or with this process, whatever ends it. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes a directory, for what a Java program writes or a bundle. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-'));
  const keep = endWithParent({ directory: path });
  return {
    path,
    async [Symbol.asyncDispose]() {
      // A process that is being killed may still write.
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      keep();
    },
  };
}
