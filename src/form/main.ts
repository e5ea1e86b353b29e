/**
 * The settings form. The panel starts this program each time a user opens the form or presses OK
 * (`addon/domainsync_settings`). The program needs no agent, so that a user can correct settings with which
 * the agent cannot run.
 *
 * Usage: node form.cjs ROOT, with the environment and input of a CGI call (docs/protocol.md#handlers-4).
 * Prints one XML document and exits with 0; after an error, exits with 1.
 */
import { resolve } from 'node:path';
import { terminalText } from '../core/plain-text.ts';
import { answerForm } from './answer.ts';

/** Largest body that is accepted, octets. A body of the form has a few hundred octets. */
const mostBody = 256 * 1024;

async function readBody(length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The panel may leave standard input open, so only as many octets are read as the panel has announced.
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
  // In a `HookCall`, each character of the environment stands for one octet.
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
    // The panel writes standard error to its log (docs/protocol.md#handlers-4).
    process.stderr.write(`${terminalText(error instanceof Error ? error.message : String(error))}\n`);
    process.exit(1);
  },
);
