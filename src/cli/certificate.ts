// What a certificate says, which may be nothing.
import type { X509Certificate } from 'node:crypto';

/** In one line. Servers that have their names elsewhere have no subject: Node then gives nothing, whatever its types say. */
export function subjectOf(certificate: X509Certificate): string {
  const subject: string | undefined = certificate.subject;
  return subject?.replaceAll('\n', ', ') ?? '';
}

/** Invalid where it holds no time. */
export function endOf(certificate: X509Certificate): Date {
  return new Date(certificate.validTo);
}

/** In UTC; Node's words where it is no time. */
export function endText(certificate: X509Certificate): string {
  const end = endOf(certificate);
  return Number.isNaN(end.getTime()) ? certificate.validTo : end.toISOString();
}
