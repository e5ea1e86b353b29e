import http from 'node:http';
import https from 'node:https';
import { childrenOf, parseXml } from '../shared/xml.ts';
import { Refusal } from '../shared/refusal.ts';
import type { Element } from '../shared/xml.ts';

/** A plugin that a source lists. */
export interface Offer {
  readonly name: string;
  readonly version: string;
  /** Absolute URL of the archive. */
  readonly url: string;
  readonly descr: Readonly<Record<string, string>>;
}

const LOCAL: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
const LIMIT = 512 * 1024 * 1024;

/**
 * Parses a URL on this machine. The sandbox fetches nothing from other machines.
 * @throws Refusal code 4 for any other address
 */
export function localUrl(text: string, base?: string): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  if (url === null || !/^https?:$/u.test(url.protocol)) {
    throw new Refusal(4, { val: 'url' }, `'${text}' is not an http or https address`);
  }
  if (!LOCAL.has(url.hostname)) {
    throw new Refusal(
      4,
      { val: 'url' },
      `This stand-in fetches from its own machine only, not from ${url.host}`,
    );
  }
  return url;
}

/** Fetches a whole file. @throws Refusal code 9 when that fails */
export function fetchLocal(url: URL): Promise<Buffer> {
  const failed = (reason: string): Refusal => new Refusal(9, {}, `${url.href} cannot be fetched: ${reason}`);
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, timeout: 30_000 };
    const sent = (url.protocol === 'https:' ? https : http).get(url, options, (answer) => {
      const pieces: Buffer[] = [];
      let size = 0;
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece);
        size += piece.length;
        if (size > LIMIT) sent.destroy(new Error('too large'));
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(pieces));
        else reject(failed(`HTTP ${answer.statusCode ?? 0}`));
      });
      answer.on('error', (error) => reject(failed(error.message)));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', (error) => reject(failed(error.message)));
  });
}

function textOf(plugin: Element, name: string): string {
  return childrenOf(plugin, name)[0]?.text.trim() ?? '';
}

/**
 * Parses the list of a source, in the form `plugins` or `mgrdata` (docs/protocol.md#sources-4).
 * @param base URL of the source, for relative addresses in the list
 * @throws Refusal code 9 for any other text
 */
export function readSource(text: string, base: string): Offer[] {
  let root: Element;
  try {
    root = parseXml(text);
  } catch (error) {
    throw new Refusal(9, {}, `${base} is not a list of plugins: ${String(error)}`);
  }
  if (root.name !== 'plugins' && root.name !== 'mgrdata') {
    throw new Refusal(9, {}, `${base} is not a list of plugins (${root.name})`);
  }
  return childrenOf(root, 'plugin').map((plugin) => {
    const names = [...childrenOf(plugin, 'descr'), ...childrenOf(plugin, 'description')];
    return {
      name: plugin.attributes['name'] ?? textOf(plugin, 'name'),
      version: plugin.attributes['version'] ?? textOf(plugin, 'version'),
      url: localUrl(textOf(plugin, 'url'), base).href,
      descr: Object.fromEntries(names.map((node) => [node.attributes['lang'] ?? 'en', node.text.trim()])),
    };
  });
}

/**
 * Whether version `a` is higher than `b`. Parts between dots are compared as numbers; a part that is no
 * number counts as 0 (docs/protocol.md#description-4).
 */
export function isHigher(a: string, b: string): boolean {
  const parts = (version: string): number[] =>
    version.split('.').map((part) => (/^\d+$/u.test(part) ? Number(part) : 0));
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
