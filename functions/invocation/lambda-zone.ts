import type { IncomingMessage } from 'node:http';
import type { Deadline } from '#rocketmq';
import { abortedBy } from './aborted-by.ts';

/** Version of Lambda's metadata API, and what it tells of a sandbox. */
const PATH = '/2026-01-15/metadata/execution-environment';

/** Where Lambda tells about a sandbox, and what has to be shown there. */
export interface MetadataEndpoint {
  readonly addr: string;
  readonly token: string;
}

/**
 * Id of the availability zone that this sandbox runs in, such as `use1-az1`, from Lambda's metadata endpoint, which
 * answers inside of the sandbox and needs no rights. It never changes in a sandbox. The connection is closed with the
 * answer, so that none is frozen.
 * @throws what keeps the endpoint from answering.
 */
export async function lambdaZone({ addr, token }: MetadataEndpoint, deadline: Deadline): Promise<string> {
  // Imported, it would hand out all it has, and load a WebSocket client for that: 20 ms. Lambda's runtime has loaded
  // the rest.
  const { get } = process.getBuiltinModule('node:http');
  return abortedBy(deadline, async (signal) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { Authorization: `Bearer ${token}` };
      get(`http://${addr}${PATH}`, { headers, agent: false, signal }, resolve).on('error', reject);
    });
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    if (response.statusCode === 200) return zoneIn(body);
    throw new Error(`the metadata endpoint answered ${response.statusCode}: ${body.slice(0, 200)}`);
  });
}

function zoneIn(body: string): string {
  const { AvailabilityZoneID: zone } = JSON.parse(body) as { readonly AvailabilityZoneID?: unknown };
  if (typeof zone === 'string' && zone !== '') return zone;
  throw new Error(`the metadata endpoint tells no AvailabilityZoneID: ${body.slice(0, 200)}`);
}
