import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTlsCertificates } from '../../local/tls-certificates.ts';

test('one authority signs a server and a client, for the names and addresses asked for', async () => {
  const { ca, server, client } = await createTlsCertificates({ dnsNames: ['broker.test'], addresses: ['127.0.0.1'] });
  const authority = new X509Certificate(ca);
  const certificate = new X509Certificate(server.cert);
  expect(authority.ca).toBe(true);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkHost('broker.test')).toBe('broker.test');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkHost('localhost')).toBeUndefined();
  expect(new X509Certificate(client.cert).verify(authority.publicKey)).toBe(true);
  expect(server.key).toContain('BEGIN PRIVATE KEY');
});

test('every call has an authority of its own', async () => {
  const [one, other] = await Promise.all([createTlsCertificates(), createTlsCertificates()]);
  expect(new X509Certificate(one.server.cert).verify(new X509Certificate(other.ca).publicKey)).toBe(false);
});
