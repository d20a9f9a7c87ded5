import { ResponseCode } from '../protocol/response-code.ts';

/** Parts of what brokers say when their own configuration forbids something to everybody. */
const FORBIDDEN_TO_ALL = ['operation is forbidden', 'sending message is forbidden'];

/** What ACL 1.0 says with SYSTEM_ERROR, which names its exception, and ACL 2.0 of a proxy. */
const DENIED_AS_SYSTEM_ERROR =
  /AclException|Authentication failed|username cannot be null|check signature failed|\bUser:\S+ (?:is|has) /;

/**
 * Whether access control said no: ACL 2.0 by NO_PERMISSION, which is also how brokers say that they allow something to nobody;
 * ACL 1.0, and proxies in front of ACL 2.0, by SYSTEM_ERROR and a text.
 */
export function isAccessDenial(code: number, remark = ''): boolean {
  if (code === ResponseCode.SYSTEM_ERROR) return DENIED_AS_SYSTEM_ERROR.test(remark);
  return code === ResponseCode.NO_PERMISSION && !FORBIDDEN_TO_ALL.some((text) => remark.includes(text));
}
