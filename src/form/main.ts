/**
 * The settings form: started by the panel for each opening and each OK (`addon/domainsync_settings`). It
 * needs no agent, so that settings can be put right whatever state the agent is in.
 *
 * Usage: node form.cjs ROOT, with the environment and input of a CGI call (docs/protocol.md#handlers-4).
 * Prints one XML document, exits 0.
 */
import { resolve } from 'node:path';
import { terminalText } from '../core/plain-text.ts';
import { answerForm } from './answer.ts';

/** Longest body read, octets: a form has some hundreds. */
const mostBody = 256 * 1024;

async function readBody(length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The panel may leave its end open: only what was announced is read.
  if (length > 0) {
    for await (const chunk of process.stdin) {
      const octets = Buffer.from(chunk);
      chunks.push(octets);
      size += octets.length;
      if (size >= length) break;
    }
  }
  return Buffer.concat(chunks).subarray(0, length);
}

async function main(): Promise<void> {
  const length = Number(process.env['CONTENT_LENGTH'] ?? 0);
  if (length > mostBody) throw new Error(`the form is longer than ${mostBody} octets`);
  const body = await readBody(Number.isSafeInteger(length) ? length : 0);
  // A call carries its environment octet for octet, one character each.
  const environment = Object.fromEntries(
    Object.entries(process.env).map(([name, value = '']) => [name, Buffer.from(value).toString('latin1')]),
  );
  process.stdout.write(
    await answerForm(resolve(process.argv[2] ?? '/usr/local/ispmgr'), { environment, body }),
  );
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    // Standard error goes to the panel's log (docs/protocol.md#handlers-4).
    process.stderr.write(`${terminalText(error instanceof Error ? error.message : String(error))}\n`);
    process.exit(1);
  },
);
