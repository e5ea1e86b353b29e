import type { CentralError } from '../../core/central.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import type { Settings } from '../../config/settings.ts';
import { sectionOf } from '../../config/sections.ts';
import { peerOf } from '../../net/addresses.ts';
import { probeCertificate } from '../../net/connect.ts';
import { HttpError } from '../../net/http-error.ts';

/** Port of DNS over TLS (RFC 7858 section 3.1), and of https. */
const ports: Readonly<Record<string, number>> = { 'dns:': 853, 'https:': 443 };

/**
 * Makes the problem for an error of a central. If the central's certificate is not trusted, adds a
 * description of the certificate, so that an administrator can compare its fingerprint. For this, connects to
 * the server again and sends nothing.
 * @returns only the problem, without the description, if the settings name a fingerprint (the problem then
 * shows both), or if the server no longer answers
 */
export async function withCertificate(
  error: CentralError,
  { address, fingerprint: pinned, deadline, number }: Settings,
): Promise<readonly Problem[]> {
  if (error.code !== 'central.certificate' || pinned !== '') return [error.problem];
  const url = new URL(error.params['address'] ?? address);
  try {
    const peer = peerOf(url, ports[url.protocol] ?? 443);
    const { fingerprint, subject, issuer, validTo } = await probeCertificate(
      peer,
      AbortSignal.timeout(deadline),
    );
    const facts = { fingerprint, subject, issuer, until: validTo, section: sectionOf('isp_master', number) };
    return [error.problem, problem('central.certificate-shown', facts)];
  } catch (failure) {
    if (failure instanceof HttpError) return [error.problem];
    throw failure;
  }
}
