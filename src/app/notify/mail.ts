import type { Sender } from './notice.ts';

/** What a mail needs beside its text. */
export interface MailEnvelope {
  readonly to: readonly string[];
  /** Null: the mail program adds the sender. */
  readonly from: string | null;
  readonly id: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Most octets in one encoded word: with the name of the header the line has at most 76 characters (RFC 2047
 * section 2).
 */
const mostInWord = 36;
/** Length of a line of Base64, characters (RFC 2045 section 6.8: at most 76). */
const line64 = 76;

/**
 * A mail as the mail program reads it: US-ASCII, lines ended by a line feed. Body and title may have any
 * characters.
 * @param envelope its addresses are checked already
 */
export function mailText(envelope: MailEnvelope, sender: Sender, title: string, text: string): string {
  const { to, from, id, at } = envelope;
  const headers = [
    ...(from === null ? [] : [`From: ${from}`]),
    `To: ${to.join(',\n ')}`,
    `Subject: ${encodedWords(title)}`,
    `Date: ${new Date(at).toUTCString().replace(/GMT$/u, '+0000')}`,
    `Message-ID: <${id}@${sender.host}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
  ];
  return `${headers.join('\n')}\n\n${base64Lines(text)}`;
}

/** A header text (RFC 2047 section 2). Plain words stay as they are. */
function encodedWords(text: string): string {
  if (/^[\x20-\x7e]{0,60}$/u.test(text) && !text.includes('=?')) return text;
  const parts: string[] = [''];
  for (const character of text) {
    const last = parts.at(-1) ?? '';
    if (Buffer.byteLength(last + character) > mostInWord) parts.push(character);
    else parts[parts.length - 1] = last + character;
  }
  return parts.map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join('\n ');
}

function base64Lines(text: string): string {
  // The text itself has the line ends of mail.
  const encoded = Buffer.from(`${text.replaceAll('\n', '\r\n')}\r\n`).toString('base64');
  return (encoded.match(new RegExp(`.{1,${line64}}`, 'gu')) ?? []).map((line) => `${line}\n`).join('');
}
