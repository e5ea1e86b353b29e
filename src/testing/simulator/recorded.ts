import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStory, type Story } from './story.ts';

const folder = join(import.meta.dirname, 'stories');

/** The names of the stories in `stories/`. */
export function recordedNames(): string[] {
  return readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
}

/** Reads the JSON of a recorded story, as `printStory` wrote it. */
export function recordedText(name: string): string {
  return readFileSync(join(folder, `${name}.json`), 'utf8');
}

/** Reads the stories in `stories/`, by name. */
export function recorded(): Readonly<Record<string, Story>> {
  return Object.fromEntries(recordedNames().map((name) => [name, parseStory(recordedText(name))]));
}
