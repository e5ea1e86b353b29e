/**
 * The demo's own voice: what is done, what came of it, and a stop at the first thing that is not as promised.
 */

const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

function paint(code: number, text: string): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}

let chapter = 0;
let checks = 0;

export function printChapter(title: string): void {
  chapter += 1;
  console.log(`\n${paint(1, `${chapter}. ${title}`)}`);
}

export function print(text: string): void {
  for (const line of text.split('\n')) console.log(`   ${line}`);
}

/** What a panel said to the user who clicked. */
export function quote(text: string): void {
  console.log(`   ${paint(36, `“${text}”`)}`);
}

export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/** Goes on only if it is so. */
export function check(sentence: string, so: boolean, found?: unknown): void {
  if (!so) {
    console.log(`   ${paint(31, '✗')} ${sentence}`);
    throw new DemoFailed(`${sentence}${found === undefined ? '' : `\nfound: ${JSON.stringify(found)}`}`);
  }
  checks += 1;
  console.log(`   ${paint(32, '✓')} ${sentence}`);
}

export function checksDone(): number {
  return checks;
}

export function milliseconds(from: number): string {
  return `${Math.round(performance.now() - from)} ms`;
}
