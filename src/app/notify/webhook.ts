import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { safeJson } from '../../core/plain-text.ts';
import { webhookKey, type NotifySettings } from '../../config/notify-options.ts';
import { bareHost, onceAtATime, systemResolve, type Resolve } from '../../net/addresses.ts';
import type { Trust } from '../../net/connect.ts';
import { HttpError } from '../../net/http-error.ts';
import { HttpClient, type HttpAnswer } from '../../net/http.ts';
import { isIn, isInside } from '../../net/inside.ts';
import { version } from '../version.ts';
import { NotDelivered, type Channel } from './channel.ts';
import { reasonText, noticeText, noticeTitle, type Notice, type Sender } from './notice.ts';

/**
 * Most octets of an answer that are read. The client cuts error answers at this length, so only an answer
 * that reports success can fail for being too long.
 */
const mostAnswer = 64 * 1024;

/**
 * All webhooks of this process share this resolver. Each attempt makes a new channel, and an attempt that has
 * timed out leaves its look-up running.
 */
const usualResolve = onceAtATime(systemResolve);

/** The settings of a webhook. */
type WebhookSettings = Pick<
  NotifySettings,
  'webhookSecret' | 'webhookCaFile' | 'webhookInside' | 'language' | 'deadline'
>;

/**
 * Makes a channel that sends notices as signed POST requests (docs/monitoring.md#webhook).
 * @param resolve finds the addresses of the webhook's host; called once for each notice
 */
export function webhookChannel(
  url: URL,
  settings: WebhookSettings,
  sender: Sender,
  resolve: Resolve = usualResolve,
): Channel {
  return {
    name: 'webhook',
    // The path and the query are left out, because they may contain a secret.
    target: url.origin,
    deliver: async (notice, signal) => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(settings.deadline)]);
      const addresses = await allowedAddresses(url, settings, resolve, deadline);
      const client = new HttpClient({
        base: url,
        trust: trustOf(settings),
        timeout: settings.deadline,
        // Connects only to the addresses that were checked, even if the name has other addresses by now.
        resolve: () => Promise.resolve(addresses),
      });
      try {
        await post(client, bodyOf(notice, sender, settings), notice, settings, deadline);
      } finally {
        client.close();
      }
    },
  };
}

/**
 * Finds the addresses of the host. Each must be public, or the settings must allow it.
 * @throws {NotDelivered}
 */
async function allowedAddresses(
  { hostname }: URL,
  { webhookInside }: WebhookSettings,
  resolve: Resolve,
  deadline: AbortSignal,
): Promise<readonly string[]> {
  const host = bareHost(hostname);
  const addresses = isIP(host) === 0 ? await resolved(host, resolve, deadline) : [host];
  const refused = addresses.find((address) => isInside(address) && !isIn(address, webhookInside));
  if (refused !== undefined) throw new NotDelivered('notify.inside-address', { host, address: refused });
  return addresses;
}

async function resolved(host: string, resolve: Resolve, deadline: AbortSignal): Promise<readonly string[]> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error('no answer in time'));
  deadline.addEventListener('abort', giveUp, { once: true });
  if (deadline.aborted) giveUp();
  try {
    const addresses = await Promise.race([resolve(host), late]);
    if (addresses.length === 0) throw new Error('none was found');
    return addresses;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new NotDelivered('notify.unresolved', { host, text }, error);
  } finally {
    deadline.removeEventListener('abort', giveUp);
  }
}

function trustOf({ webhookCaFile: path }: WebhookSettings): Trust {
  if (path === '') return { kind: 'public' };
  try {
    return { kind: 'ca', pem: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new NotDelivered('settings.ca-unreadable', { path }, error);
  }
}

async function post(
  client: HttpClient,
  body: string,
  { id }: Notice,
  { webhookSecret }: WebhookSettings,
  deadline: AbortSignal,
): Promise<void> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': `domainsync/${version}`,
    'Webhook-Id': id,
    'Webhook-Timestamp': timestamp,
    'Webhook-Signature': signatureOf(webhookKey(webhookSecret), id, timestamp, body),
  };
  const request = { method: 'POST', headers, body, repeatable: false, mostOctets: mostAnswer } as const;
  const answer = await client.send(request, deadline).catch((error: unknown) => {
    if (error instanceof HttpError && error.kind === 'too-large') return null;
    throw error instanceof HttpError ? notDelivered(error) : error;
  });
  if (answer !== null && !isSuccess(answer))
    throw new NotDelivered('notify.answered', { status: String(answer.status) });
}

/** Makes the signature of Standard Webhooks, version 1 (https://www.standardwebhooks.com). */
function signatureOf(key: Buffer, id: string, timestamp: string, body: string): string {
  const sum = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return `v1,${sum}`;
}

function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

function notDelivered(error: HttpError): NotDelivered {
  const code = error.kind === 'too-large' ? 'unreachable' : error.kind;
  return new NotDelivered(`notify.${code}`, error.params, error);
}

/** Writes the notice as JSON, together with its text. */
function bodyOf(notice: Notice, sender: Sender, { language }: WebhookSettings): string {
  const { kind, at, began, ended, standing, heldBack, several } = notice;
  const inWords = (reasons: Notice['began']): readonly object[] =>
    reasons.map((one) => ({ ...one, text: reasonText(one, language, several) }));
  const data = {
    ...sender,
    release: version,
    state: began.length + standing.length > 0 ? 'attention' : 'well',
    began: inWords(began),
    ended: inWords(ended),
    standing: inWords(standing),
    heldBack,
    title: noticeTitle(notice, sender, language),
    text: noticeText(notice, sender, language),
  };
  return safeJson({ type: `domainsync.${kind}`, timestamp: new Date(at).toISOString(), data });
}
