import { once } from 'node:events';
import { isIP, type TcpNetConnectOpts } from 'node:net';
import * as tls from 'node:tls';
import { plainText } from '../core/plain-text.ts';
import { lookupOf, type Resolve } from './addresses.ts';
import { showFingerprint } from './fingerprint.ts';
import { HttpError } from './http-error.ts';

/**
 * Which certificates to trust: those of public authorities, those of one authority (PEM), or exactly one
 * certificate (SHA-256 fingerprint, 64 hex digits).
 */
export type Trust =
  | { readonly kind: 'public' }
  | { readonly kind: 'ca'; readonly pem: string }
  | { readonly kind: 'fingerprint'; readonly sha256: string };

export interface Peer {
  readonly host: string;
  readonly port: number;
  /** Resolves the host; the system's resolver by default. If a name has several addresses, all are tried. */
  readonly resolve?: Resolve;
}

/**
 * Opens a TLS connection. `done` gets the connection only after the server has proved its identity, so
 * nothing is sent to another server.
 * @param timeout milliseconds
 * @param done gets the connection, or an {@link HttpError} with `sent: 'no'`
 * @param protocol name of the protocol for ALPN (RFC 7301); absent: ALPN is not used
 * @returns the connection, which is not open yet. Destroy it if it is not wanted any more
 */
export function connectVerified(
  peer: Peer,
  trust: Trust,
  timeout: number,
  done: (result: tls.TLSSocket | HttpError) => void,
  protocol?: string,
): tls.TLSSocket {
  const socket = tls.connect({
    ...addressOf(peer),
    servername: serverName(peer),
    // A pinned certificate is compared below; its chain and host name do not matter. For the other kinds of
    // trust, Node.js checks the certificate.
    rejectUnauthorized: trust.kind !== 'fingerprint',
    ...(trust.kind === 'ca' ? { ca: trust.pem } : {}),
    ...(protocol === undefined ? {} : { ALPNProtocols: [protocol] }),
  });
  let open = true;
  const finish = (result: tls.TLSSocket | HttpError): void => {
    if (!open) return;
    open = false;
    socket.setTimeout(0);
    if (result instanceof HttpError) socket.destroy();
    done(result);
  };
  socket.setTimeout(timeout, () => {
    finish(
      new HttpError('unreachable', 'no', { text: `no connection to ${peer.host}:${peer.port} in time` }),
    );
  });
  socket.once('secureConnect', () => {
    finish(trust.kind === 'fingerprint' ? pinned(socket, trust.sha256) : socket);
  });
  socket.once('error', (cause) => {
    finish(connectError(socket, peer, cause));
  });
  socket.once('close', () => {
    finish(new HttpError('unreachable', 'no', { text: `${peer.host}:${peer.port} closed the connection` }));
  });
  return socket;
}

/**
 * Returns the certificate of a server, so that a user can decide to pin it. Does not trust the server and
 * sends no request.
 * @throws {HttpError} if there is no TLS connection
 */
export async function probeCertificate(peer: Peer, signal: AbortSignal) {
  const socket = tls.connect({ ...addressOf(peer), servername: serverName(peer), rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal });
    return seen(socket);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw connectError(socket, peer, signal.aborted ? new Error('the deadline is over') : cause);
  } finally {
    socket.destroy();
  }
}

/** Converts a peer to the form that `net.connect` and `tls.connect` accept. */
export function addressOf({ host, port, resolve }: Peer): TcpNetConnectOpts {
  return { host, port, ...(resolve === undefined ? {} : { lookup: lookupOf(resolve) }) };
}

/** The server name to send in the TLS handshake; empty for an IP address (RFC 6066 section 3). */
function serverName({ host }: Peer): string {
  return isIP(host) === 0 ? host : '';
}

/** Describes the certificate that a server showed. */
function seen(socket: tls.TLSSocket) {
  const certificate = socket.getPeerCertificate();
  // According to its type, this value is an Error. In fact Node.js sets it to the code of the failed check,
  // or to null.
  const distrust: unknown = socket.authorizationError;
  return {
    /** SHA-256 fingerprint, in upper case with colons. */
    fingerprint: certificate.fingerprint256,
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    /**
     * Last day of validity, `YYYY-MM-DD`. If the certificate does not contain a date, its text is returned.
     */
    validTo: dayOf(certificate.valid_to),
    /** Why the certificate is not trusted. `null`: a public authority confirms it for this host name. */
    distrust: socket.authorized ? null : String(distrust),
  };
}

function dayOf(written: string): string {
  const time = new Date(written);
  return Number.isNaN(time.getTime()) ? plainText(written) : time.toISOString().slice(0, 10);
}

function nameOf(name: tls.Certificate | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => plainText(`${key}=${String(value)}`))
    .join(', ');
}

function pinned(socket: tls.TLSSocket, sha256: string): tls.TLSSocket | HttpError {
  const shown = socket.getPeerCertificate().fingerprint256;
  if (shown.replaceAll(':', '').toLowerCase() === sha256) return socket;
  return new HttpError('certificate', 'no', {
    text: `the certificate is not the pinned one; seen SHA-256 ${shown}, pinned ${showFingerprint(sha256)}`,
    fingerprint: shown,
  });
}

function connectError(socket: tls.TLSSocket, { host, port }: Peer, cause: Error): HttpError {
  const distrusted: unknown = socket.authorizationError;
  const kind = distrusted !== null && distrusted !== undefined ? 'certificate' : 'unreachable';
  return new HttpError(kind, 'no', { text: `${host}:${port}: ${inWords(cause)}` }, cause);
}

/** The message of an error, without internals of OpenSSL and without advice on options of Node.js. */
function inWords(cause: Error): string {
  if ('code' in cause && cause.code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return 'what answers there does not speak TLS; look at the port';
  if ('reason' in cause && typeof cause.reason === 'string') return cause.reason;
  return cause.message.replace(/; if the root CA .*$/su, '');
}
