import { expect, test } from 'vitest';
import { aclSignature } from '../../../../functions/rocketmq/protocol/acl-signature.ts';
import type { ExtFields } from '../../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { isSignedBy } from '../../../../local/embedded/acl/signature-check.ts';
import { goldenFrame } from '../../../functions/rocketmq/protocol/golden-frames.ts';

const golden = { accessKey: 'goldenAK', secretKey: 'goldenSecret12345678' };
const user = { accessKey: 'user', secretKey: 'secret' };
const request = (extFields: ExtFields) => ({
  code: 1,
  language: 0,
  version: 401,
  opaque: 0,
  flag: 0,
  remark: undefined,
  extFields,
  body: new Uint8Array(),
});

test.each([
  'java550-broker550-acl-json/send-good',
  'java550-broker550-acl-binary/send-good',
  'java550-broker550-acl-json/heartbeat',
  'java550-broker550-acl-binary/route',
  'java550-broker550-json/send-acl-token',
])('what a Java client signed passes: %s', (name) => {
  const frame = decodeFrame(goldenFrame(`${name}.request`).bytes);
  expect(isSignedBy(golden, frame, 513)).toBe(true);
  expect(isSignedBy({ ...golden, secretKey: 'other' }, frame, 513)).toBe(false);
});

test('the token has to be the one of the user, where he has one', () => {
  const frame = decodeFrame(goldenFrame('java550-broker550-json/send-acl-token.request').bytes);
  expect(isSignedBy({ ...golden, securityToken: 'goldenToken' }, frame, 513)).toBe(true);
  expect(isSignedBy({ ...golden, securityToken: 'newToken' }, frame, 513)).toBe(false);
});

test('a field that is empty in a binary header is null to the server, and written out so', () => {
  const signedAs = (value: string) => aclSignature({ AccessKey: 'user', a: value }, new Uint8Array(), user.secretKey);
  const received = (Signature: string) => request({ AccessKey: 'user', a: undefined, Signature });
  expect(isSignedBy(user, received(signedAs('')), 513)).toBe(false);
  expect(isSignedBy(user, received(signedAs('null')), 513)).toBe(true);
});
