import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStory, type Story } from './story.ts';

const folder = join(import.meta.dirname, 'stories');

/** Names of the stories of `stories/`. */
export function recordedNames(): string[] {
  return readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
}

/** The JSON of a recorded story, as `printStory` prints it. */
export function recordedText(name: string): string {
  return readFileSync(join(folder, `${name}.json`), 'utf8');
}

/** The stories of `stories/`, by name. */
export function recorded(): Readonly<Record<string, Story>> {
  return Object.fromEntries(recordedNames().map((name) => [name, parseStory(recordedText(name))]));
}
