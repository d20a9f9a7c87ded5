import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { AclField, aclSignature, signedFields } from '../../../../functions/rocketmq/protocol/acl-signature.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { goldenFrames } from './golden-frames.ts';

/** Requests that Java clients signed, in both serializations. */
const signedFrames = goldenFrames.filter(
  ({ kind, decoded }) => kind === 'request' && decoded.extFields?.[AclField.SIGNATURE] != null,
);
const secretOf = (name: string) => (name.includes('bad-signature') ? 'wrongSecret' : 'goldenSecret12345678');

describe('the signature', () => {
  test('is the one of the published vectors, with a body and without', () => {
    const fields = { topic: 'T', [AclField.ACCESS_KEY]: 'ak' };
    expect(aclSignature(fields, Buffer.alloc(0), 'sk')).toBe('vX6jW2Q9g11lvMjNC+gReuZ8fTQ=');
    expect(aclSignature(fields, Buffer.from('hi'), 'sk')).toBe('Aw69rnksWMIskpzURKVqkFuaQ4M=');
  });

  test('takes fields in the order of code units, whatever order they come in', () => {
    const fields = { b: '3', Z: '1', a: '2', ä: '4' };
    const reversed = Object.fromEntries(Object.entries(fields).reverse());
    expect(aclSignature(reversed, Buffer.alloc(0), 'sk')).toBe(aclSignature(fields, Buffer.alloc(0), 'sk'));
    expect(aclSignature({ x: '1234' }, Buffer.alloc(0), 'sk')).toBe(aclSignature(fields, Buffer.alloc(0), 'sk'));
  });

  test('leaves itself out, and fields without a value', () => {
    const fields = { a: '1', none: undefined, [AclField.SIGNATURE]: 'old' };
    expect(aclSignature(fields, Buffer.alloc(0), 'sk')).toBe(aclSignature({ a: '1' }, Buffer.alloc(0), 'sk'));
  });
});

describe('what Java clients sent', () => {
  test('is there in both serializations: sends, with a token too, lookups, heartbeats and farewells', () => {
    const names = signedFrames.map(({ name }) => name.replace(/^.*\//, ''));
    const kinds = ['send-acl', 'send-acl-token', 'route-acl', 'heartbeat-acl', 'send-good', 'send-bad-signature'];
    expect(names).toEqual(expect.arrayContaining(kinds.map((kind) => `${kind}.request`)));
    expect(new Set(signedFrames.map(({ decoded }) => decoded.serialization))).toEqual(new Set(['JSON', 'ROCKETMQ']));
  });

  test.each(signedFrames)('$name has the signature that is computed here', ({ name, bytes }) => {
    const { extFields, body } = decodeFrame(bytes, 0, bytes.length);
    const { AccessKey, SecurityToken, Signature, ...unsigned } = extFields;
    const credentials = {
      accessKey: AccessKey ?? '',
      secretKey: secretOf(name),
      ...(SecurityToken === undefined ? {} : { securityToken: SecurityToken }),
    };
    expect(Signature).toMatch(/^[A-Za-z0-9+/]{27}=$/);
    expect(signedFields(unsigned, body, credentials)).toEqual(extFields);
  });
});
