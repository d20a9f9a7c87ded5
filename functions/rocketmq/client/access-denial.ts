import { ResponseCode } from '../protocol/response-code.ts';

/** Parts of what brokers say when their own configuration forbids something to everybody. */
const FORBIDDEN_TO_ALL = ['operation is forbidden', 'sending message is forbidden'];

/**
 * Whether access control said no: ACL 2.0 by NO_PERMISSION, which is also how brokers say that they allow something to nobody;
 * ACL 1.0 by SYSTEM_ERROR with the name of its exception.
 */
export function isAccessDenial(code: number, remark = ''): boolean {
  if (code === ResponseCode.SYSTEM_ERROR) return remark.includes('AclException');
  return code === ResponseCode.NO_PERMISSION && !FORBIDDEN_TO_ALL.some((text) => remark.includes(text));
}
