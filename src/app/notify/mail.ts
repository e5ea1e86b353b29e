import type { Sender } from './notice.ts';

/** The parts of a mail besides its title and text. */
export interface MailEnvelope {
  readonly to: readonly string[];
  /** Address of the sender; null: the mail program adds the sender. */
  readonly from: string | null;
  readonly id: string;
  /** Date of the mail: wall clock, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Most octets of text in one encoded word. A line with the header's name and this word then has at most 76
 * characters (RFC 2047 section 2).
 */
const mostInWord = 36;
/** Length of a line of Base64, characters (RFC 2045 section 6.8: at most 76). */
const line64 = 76;

/**
 * Makes a mail in the form that the mail program takes: US-ASCII, with a line feed after each line. Title and
 * text may contain any characters.
 * @param envelope its addresses must already be checked
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

/** Encodes the text of a header (RFC 2047 section 2). Leaves a short text in printable ASCII as it is. */
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
  // The text that is encoded has CR and LF at the end of each line, as in every mail.
  const encoded = Buffer.from(`${text.replaceAll('\n', '\r\n')}\r\n`).toString('base64');
  return (encoded.match(new RegExp(`.{1,${line64}}`, 'gu')) ?? []).map((line) => `${line}\n`).join('');
}
