/**
 * Finds comments with lines over 110 columns or sentences over 25 words and prints them (exit status 1). The
 * script reads the TypeScript files and shell scripts that git tracks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { commentsOf, longLines, sentencesOf, wordsIn, type LineSign } from './comments/read.ts';

const mostColumns = 110;
const mostWords = 25;
const folders = ['src', 'sandbox', 'demo', 'bench', 'script', 'test'];

const top = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...folders], {
  cwd: top,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(top, file)));

/** The sign that begins a comment line in this file; null: comments of this file are not checked. */
function signOf(file: string, source: string): LineSign | null {
  if (file.endsWith('.ts')) return '//';
  return source.startsWith('#!/bin/sh') || file.endsWith('.sh') ? '#' : null;
}

const wrong = files.flatMap((file) => {
  const source = readFileSync(join(top, file), 'utf8');
  const sign = signOf(file, source);
  if (sign === null) return [];
  return commentsOf(source, sign).flatMap((comment) => [
    ...longLines(comment, mostColumns).map((line) => `${file}:${line}: over ${mostColumns} columns`),
    ...sentencesOf(comment)
      .filter((sentence) => wordsIn(sentence) > mostWords)
      .map((sentence) => `${file}:${comment.line}: ${wordsIn(sentence)} words: ${sentence}`),
  ]);
});
for (const line of wrong) console.error(line);
process.exitCode = wrong.length > 0 ? 1 : 0;
