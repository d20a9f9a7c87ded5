import { Buffer } from 'node:buffer';
import type { TestContext } from 'vitest';
import { type AclCredentials, signedFields } from '../../functions/rocketmq/protocol/acl-signature.ts';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { encodeCreateTopic, topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminConnection, type AdminRequest } from '../../local/admin-connection.ts';
import { allDispatched } from '../../local/all-dispatched.ts';
import type { ClusterHandle } from '../../local/cluster-handle.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { ENDS_RECORDED_ONE_BY_ONE } from '../../local/real/rocketmq-version.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';

/** May do everything. */
export const ADMIN: AclCredentials = { accessKey: 'cluster-admin', secretKey: 'adminSecret12345' };
/** May send to `ALLOWED` and write traces, and nothing else. */
export const SENDER: AclCredentials = { accessKey: 'orders-sender', secretKey: 'senderSecret12345' };
export const ALLOWED = 'orders';
/** Exists, and is none of the sender's business. */
export const FORBIDDEN = 'payroll';
export const TRACES = 'RMQ_SYS_TRACE_TOPIC';

/** Age from which the broker asks for open transactions, and how often. */
const TIME_OUT_MS = 3_000;
const CHECK_INTERVAL_MS = 5_000;
const CREATE_USER = 3001;
const CREATE_ACL = 3006;
const GET_PRODUCER_CONNECTION_LIST = 204;

/** A cluster whose brokers ask everybody who he is, with the topics above. */
export interface AccessControlledCluster extends AsyncDisposable {
  readonly kind: ClusterHandle['kind'];
  readonly nameServerAddrs: readonly string[];
  /** Messages that a topic's only queue has taken. */
  stored(topic: string): Promise<number>;
  /** Client ids registered for a producer group. */
  producerIds(group: string): Promise<string[]>;
}

/** Starts a cluster of a kind of its own: ACL 2.0 on 5.5.0, ACL 1.0 on 4.9.5. Skips the test where there is no Java. */
export async function startAccessControlledCluster(
  kind: ClusterHandle['kind'],
  context: TestContext,
): Promise<AccessControlledCluster> {
  const { nameServerAddrs, brokerAddr, producerIds, stop } = await startServers(kind, context);
  const admin = await AdminConnection.open(brokerAddr);
  const ask = async (request: AdminRequest) => {
    const { extFields = {}, body = Buffer.alloc(0) } = request;
    const answer = await admin.request({ ...request, extFields: signedFields(extFields, body, ADMIN) });
    return answer;
  };
  const mustAsk = async (request: AdminRequest) => {
    const answer = await ask(request);
    if (answer.code !== 0) throw new Error(`request ${request.code} was answered ${answer.code}: ${answer.remark}`);
    return answer;
  };
  for (const topic of [ALLOWED, FORBIDDEN]) {
    await mustAsk({ code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields: encodeCreateTopic(topicConfig(topic, 1)) });
  }
  if (kind === '5.5.0') for (const request of senderRequests()) await mustAsk(request);
  return {
    kind,
    nameServerAddrs,
    stored: async (topic) => {
      await allDispatched(ask);
      const extFields = { topic, queueId: '0' };
      const { extFields: answered } = await mustAsk({ code: RequestCode.GET_MAX_OFFSET, extFields });
      return Number(answered.offset);
    },
    producerIds:
      producerIds ??
      (async (producerGroup) => {
        const { code, body } = await ask({ code: GET_PRODUCER_CONNECTION_LIST, extFields: { producerGroup } });
        if (code !== 0) return [];
        const { connectionSet } = JSON.parse(Buffer.from(body).toString()) as { connectionSet: { clientId: string }[] };
        return connectionSet.map(({ clientId }) => clientId);
      }),
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      await stop();
    },
  };
}

interface Servers {
  readonly nameServerAddrs: readonly string[];
  readonly brokerAddr: string;
  /** Where the broker itself need not be asked. */
  readonly producerIds?: AccessControlledCluster['producerIds'];
  stop(): Promise<void>;
}

async function startServers(kind: ClusterHandle['kind'], context: TestContext): Promise<Servers> {
  if (kind === 'embedded') {
    const cluster = await startEmbeddedCluster({
      topics: [{ name: TRACES, queues: 1 }],
      recallMessageEnable: true,
      transactionTimeOutMs: TIME_OUT_MS,
      transactionCheckIntervalMs: CHECK_INTERVAL_MS,
      acl: { users: [ADMIN, { ...SENDER, topics: { [ALLOWED]: ['PUB'], [TRACES]: ['PUB'] } }] },
    });
    const producerIds = async (group: string) => {
      const registered = cluster.broker().producers.clients(group);
      return registered.map(({ clientId }) => clientId);
    };
    return { ...parts(cluster.nameServerAddrs, cluster.brokerAddrs[0]), producerIds, stop: () => cluster.stop() };
  }
  await needsRealRocketMQ(context);
  const cluster = await startRealCluster({
    version: kind,
    brokerConfig: {
      ...ENDS_RECORDED_ONE_BY_ONE,
      traceTopicEnable: 'true',
      transactionTimeOut: String(TIME_OUT_MS),
      transactionCheckInterval: String(CHECK_INTERVAL_MS),
      ...(kind === '5.5.0' ? aclV2Config() : { aclEnable: 'true' }),
    },
    ...(kind === '4.9.5' ? { files: { 'conf/plain_acl.yml': plainAclText() } } : {}),
  });
  return { ...parts(cluster.nameServerAddrs, cluster.brokers[0]?.addr), stop: () => cluster.stop() };
}

function parts(nameServerAddrs: readonly string[], brokerAddr = '') {
  return { nameServerAddrs, brokerAddr };
}

function aclV2Config(): Record<string, string> {
  const auth = 'org.apache.rocketmq.auth';
  return {
    authenticationEnabled: 'true',
    authenticationProvider: `${auth}.authentication.provider.DefaultAuthenticationProvider`,
    authenticationMetadataProvider: `${auth}.authentication.provider.LocalAuthenticationMetadataProvider`,
    initAuthenticationUser: JSON.stringify({ username: ADMIN.accessKey, password: ADMIN.secretKey }),
    innerClientAuthenticationCredentials: JSON.stringify(ADMIN),
    authorizationEnabled: 'true',
    authorizationProvider: `${auth}.authorization.provider.DefaultAuthorizationProvider`,
    authorizationMetadataProvider: `${auth}.authorization.provider.LocalAuthorizationMetadataProvider`,
  };
}

/** What makes the sender known to ACL 2.0. */
function senderRequests(): AdminRequest[] {
  const { accessKey: username, secretKey: password } = SENDER;
  const subject = `User:${username}`;
  const entries = [ALLOWED, TRACES].map((topic) => ({
    resource: `Topic:${topic}`,
    actions: ['Pub'],
    decision: 'Allow',
  }));
  const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));
  return [
    { code: CREATE_USER, extFields: { username }, body: bodyOf({ username, password, userType: 'Normal' }) },
    { code: CREATE_ACL, extFields: { subject }, body: bodyOf({ subject, policies: [{ entries }] }) },
  ];
}

/** What makes both known to ACL 1.0. */
function plainAclText(): string {
  const account = ({ accessKey, secretKey }: AclCredentials, ...more: string[]) =>
    [`- accessKey: ${accessKey}`, ...[`secretKey: ${secretKey}`, ...more].map((line) => `  ${line}`)].join('\n');
  const rights = ['defaultTopicPerm: DENY', 'defaultGroupPerm: SUB', 'topicPerms:', `- ${ALLOWED}=PUB`];
  return `accounts:\n${account(ADMIN, 'admin: true')}\n${account(SENDER, 'admin: false', ...rights)}\n`;
}
