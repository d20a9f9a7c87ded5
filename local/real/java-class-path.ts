import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mavenLib } from './maven-lib.ts';
import { ROCKETMQ_RELEASES, type RocketMQVersion } from './rocketmq-version.ts';

const CACHE = fileURLToPath(new URL('../../.cache/rocketmq/', import.meta.url));

/**
 * The class path (`…/lib/*`) with name server, broker, tools and client of a RocketMQ release (5.5.0: and the proxy), for
 * `java -cp`. The jars lie in `.cache/rocketmq/<version>` of the project; the first call on a machine has Maven fetch them.
 */
export async function javaClassPath(version: RocketMQVersion): Promise<string> {
  const artifacts = ROCKETMQ_RELEASES[version].modules.map((name) => `org.apache.rocketmq:${name}:${version}`);
  return join(await mavenLib(join(CACHE, version), artifacts), '*');
}
