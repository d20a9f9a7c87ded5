import type { ExtFields } from './ext-fields.ts';

/** Header fields that carry who signs and what was signed (ACL 1.0 and 2.0 alike). */
export const AclField = { ACCESS_KEY: 'AccessKey', SECURITY_TOKEN: 'SecurityToken', SIGNATURE: 'Signature' } as const;

/** Who signs. */
export interface AclCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary credentials. */
  readonly securityToken?: string;
}

/**
 * Signature of a request (Java: `AclUtils.combineRequestContent`, `AclSigner`): Base64 of HMAC-SHA1, under the secret key,
 * over the values of all header fields but the signature, sorted by field name in UTF-16 code units and joined without
 * anything between, followed by the body. Code, opaque, version and flag are not signed.
 */
export function aclSignature(extFields: ExtFields, body: Uint8Array, secretKey: string): string {
  let content = '';
  // The default order of sort is that of code units; a locale's order would put "a" before "Z" and fail.
  for (const name of Object.keys(extFields).sort()) {
    if (name !== AclField.SIGNATURE) content += extFields[name] ?? '';
  }
  // Not imported: only who signs is to pay for loading it.
  const { createHmac } = process.getBuiltinModule('node:crypto');
  return createHmac('sha1', secretKey).update(content).update(body).digest('base64');
}

/** The header fields with who signs and the signature added; nothing may be added to them afterwards. */
export function signedFields(extFields: ExtFields, body: Uint8Array, credentials: AclCredentials): ExtFields {
  const fields: Record<string, string | undefined> = { ...extFields, [AclField.ACCESS_KEY]: credentials.accessKey };
  if (credentials.securityToken !== undefined) fields[AclField.SECURITY_TOKEN] = credentials.securityToken;
  fields[AclField.SIGNATURE] = aclSignature(fields, body, credentials.secretKey);
  return fields;
}
