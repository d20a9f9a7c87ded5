import { Buffer } from 'node:buffer';
import { requiredField } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer, HandlerEntries } from '../exchange.ts';
import type { KvConfig } from './kv-config.ts';

/** PUT, GET and DELETE_KV_CONFIG and GET_KVLIST_BY_NAMESPACE (Java: `DefaultRequestProcessor`). */
export function kvRequests(kv: KvConfig): HandlerEntries {
  return [
    [
      RequestCode.PUT_KV_CONFIG,
      ({ request: { extFields } }) => {
        kv.put(
          requiredField(extFields, 'namespace'),
          requiredField(extFields, 'key'),
          requiredField(extFields, 'value'),
        );
        return { code: ResponseCode.SUCCESS };
      },
    ],
    [
      RequestCode.GET_KV_CONFIG,
      ({ request: { extFields } }) => get(kv, requiredField(extFields, 'namespace'), requiredField(extFields, 'key')),
    ],
    [
      RequestCode.DELETE_KV_CONFIG,
      ({ request: { extFields } }) => {
        kv.delete(requiredField(extFields, 'namespace'), requiredField(extFields, 'key'));
        return { code: ResponseCode.SUCCESS };
      },
    ],
    [
      RequestCode.GET_KVLIST_BY_NAMESPACE,
      ({ request: { extFields } }) => list(kv, requiredField(extFields, 'namespace')),
    ],
  ];
}

function get(kv: KvConfig, namespace: string, key: string): Answer {
  const value = kv.get(namespace, key);
  if (value !== undefined) return { code: ResponseCode.SUCCESS, extFields: { value } };
  const remark = `No config item, Namespace: ${namespace} Key: ${key}`;
  return { code: ResponseCode.QUERY_NOT_FOUND, remark };
}

function list(kv: KvConfig, namespace: string): Answer {
  const table = kv.namespace(namespace);
  if (table === undefined) {
    return { code: ResponseCode.QUERY_NOT_FOUND, remark: `No config item, Namespace: ${namespace}` };
  }
  return { code: ResponseCode.SUCCESS, body: Buffer.from(JSON.stringify({ table })) };
}
