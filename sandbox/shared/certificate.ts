import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A key and its self-signed certificate, both as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

function read(root: string): Certificate {
  const etc = join(root, 'etc');
  return {
    key: readFileSync(join(etc, 'manager.key'), 'utf8'),
    cert: readFileSync(join(etc, 'manager.crt'), 'utf8'),
  };
}

/**
 * Makes a new key and certificate for 127.0.0.1, ::1 and localhost, and stores them as `etc/manager.key` and
 * `etc/manager.crt`.
 * @param name common name of the certificate
 * @throws Error when `openssl` is missing or fails
 */
export async function makeCertificate(root: string, name: string): Promise<Certificate> {
  const key = join(root, 'etc', 'manager.key');
  const cert = join(root, 'etc', 'manager.crt');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost'];
  const files = ['-keyout', `${key}.new`, '-out', `${cert}.new`];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, '-days', '3650', ...subject, ...files]);
  renameSync(`${key}.new`, key);
  renameSync(`${cert}.new`, cert);
  return read(root);
}

/** Loads the certificate in the root, or makes a new one if there is none. */
export async function loadCertificate(root: string, name: string): Promise<Certificate> {
  const has = existsSync(join(root, 'etc', 'manager.key')) && existsSync(join(root, 'etc', 'manager.crt'));
  return has ? read(root) : makeCertificate(root, name);
}

/** The SHA-256 of the certificate in DER, as upper-case hexadecimal with colons. */
export function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
