import http from 'node:http';
import https from 'node:https';
import { childrenOf, child, parseXml } from './xml.ts';
import type { Element } from './xml.ts';

export interface CallOptions {
  readonly user?: string;
  readonly password?: string;
  /** The id of a session. If it is given, the call has no `authinfo`. */
  readonly auth?: string;
  /** The value of `out`. Default: `xml`; null: the call has no `out`. */
  readonly out?: string | null;
  /** HTTP method of the call. Default: POST. */
  readonly method?: 'GET' | 'POST';
  /** Path of the API. Default: that of ISPmanager 4. */
  readonly path?: string;
  readonly timeoutMs?: number;
  /** Local address of the connection, for example `127.0.0.2`. Default: the system chooses. */
  readonly from?: string;
  /** Value of the header `Cookie`. */
  readonly cookie?: string;
  /** Value of the header `Referer`. */
  readonly referer?: string;
}

/** The answer of a panel to a call. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** The parsed body; null: the body is not XML. */
  readonly doc: Element | null;
  /** Whether the document has the element `ok`. */
  readonly ok: boolean;
  /** The document's error; null: it has none. */
  readonly error: {
    /** Attribute `code` (version 4) or `type` (5/6). */
    readonly code: string;
    /** The object that the error is about: attribute `obj` (version 4) or `object` (5/6). */
    readonly obj: string;
    readonly val: string;
    readonly text: string;
  } | null;
  /** The rows of a list. Each has the texts of its columns, by column name. */
  readonly elems: readonly Readonly<Record<string, string>>[];
}

function readDocument(body: string): Element | null {
  try {
    return parseXml(body);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

function readError(doc: Element | null): Answer['error'] {
  const found = doc === null ? undefined : child(doc, 'error');
  if (found === undefined) return null;
  const { code = '', type = code, obj = '', object = obj, val = '' } = found.attributes;
  return { code: type, obj: object, val, text: found.text || (child(found, 'msg')?.text ?? '') };
}

function readElems(doc: Element | null): Readonly<Record<string, string>>[] {
  if (doc === null) return [];
  return childrenOf(doc, 'elem').map((row) =>
    Object.fromEntries(row.children.map((cell) => [cell.name, cell.text])),
  );
}

function readAnswer(response: http.IncomingMessage, body: string): Answer {
  const doc = readDocument(body);
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    headers: response.headers,
    body,
    doc,
    ok: doc !== null && child(doc, 'ok') !== undefined,
    error: readError(doc),
    elems: readElems(doc),
  };
}

function request(url: URL, form: string, options: CallOptions): Promise<Answer> {
  const method = options.method ?? 'POST';
  if (method === 'GET') url.search = form;
  const headers = {
    'User-Agent': 'Mozilla/4.0',
    'Content-Type': 'application/x-www-form-urlencoded',
    ...(options.cookie === undefined ? {} : { Cookie: options.cookie }),
    ...(options.referer === undefined ? {} : { Referer: options.referer }),
  };
  return new Promise((resolve, reject) => {
    const done = (response: http.IncomingMessage): void => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => resolve(readAnswer(response, Buffer.concat(pieces).toString())));
    };
    const settings = {
      method,
      headers,
      agent: false,
      timeout: options.timeoutMs ?? 60_000,
      ...(options.from === undefined ? {} : { localAddress: options.from }),
    };
    const sent =
      url.protocol === 'https:'
        ? https.request(url, { ...settings, rejectUnauthorized: false }, done)
        : http.request(url, settings, done);
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('timed out')));
    sent.end(method === 'POST' ? form : undefined);
  });
}

/**
 * Calls a panel function as ordinary HTTP clients do, and does not check the certificate.
 * @param base URL of the panel without a path
 * @throws Error when the connection fails, is cut or times out
 */
export function callPanel(
  base: string,
  func: string,
  params: Readonly<Record<string, string>>,
  options: CallOptions,
): Promise<Answer> {
  const form = new URLSearchParams();
  if (options.auth !== undefined) form.set('auth', options.auth);
  else if (options.user !== undefined) form.set('authinfo', `${options.user}:${options.password ?? ''}`);
  const out = options.out === undefined ? 'xml' : options.out;
  if (out !== null) form.set('out', out);
  form.set('func', func);
  for (const [name, value] of Object.entries(params)) form.append(name, value);
  return request(new URL(options.path ?? '/manager/ispmgr', base), form.toString(), options);
}
