/** Prints the demo: chapters, steps and checks. The first failed check ends the demo. */

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

/** Prints the text that the panel shows to the user. */
export function quote(text: string): void {
  console.log(`   ${paint(36, `“${text}”`)}`);
}

export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/**
 * Prints what the product promises, and counts the promise as kept.
 * @param found printed if the promise is not kept
 * @throws DemoFailed if `so` is false
 */
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
