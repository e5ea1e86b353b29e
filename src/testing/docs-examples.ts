/** Reads code blocks from the pages in docs/, so that tests can run the examples that users copy. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the text of a page in docs/. */
export function pageOf(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
}

/** The commands in an example: what follows `$ ` in its lines. @throws as {@link exampleIn} */
export function commandsIn(page: string, contained: string): string {
  const lines = exampleIn(page, contained).split('\n');
  return lines
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2))
    .join('\n');
}

/** All settings files of a page: its blocks `ini`, without indentation. */
export function settingsIn(page: string): readonly string[] {
  return [...pageOf(page).matchAll(/^ *```ini\n([\s\S]*?)^ *```$/gmu)].map(([, text = '']) =>
    text.replaceAll(/^ +/gmu, ''),
  );
}

/**
 * Returns the only code block of a page that contains this text.
 * @throws {Error} if there is none, or more than one
 */
export function exampleIn(page: string, contained: string): string {
  const found = [...pageOf(page).matchAll(/^```\w*\n([\s\S]*?)^```$/gmu)]
    .map(([, block = '']) => block)
    .filter((block) => block.includes(contained));
  const [block] = found;
  if (block === undefined || found.length > 1)
    throw new Error(`docs/${page} has ${found.length} examples with ${contained}`);
  return block;
}
