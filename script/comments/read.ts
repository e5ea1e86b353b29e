/** One comment: a block, or lines of `//` or `#` that follow each other. */
export interface Comment {
  /** Counted from 1. */
  readonly line: number;
  /** As they stand in the file. */
  readonly lines: readonly string[];
  /** Without the signs of a comment, a line each. */
  readonly text: readonly string[];
}

/** How a line begins that is a comment as a whole: `//` or `#`. */
export type LineSign = '//' | '#';

type Kind = 'block' | 'lines' | 'none';

/** Comments that fill whole lines; one behind code on its line is not read. Pure. */
export function commentsOf(source: string, sign: LineSign): readonly Comment[] {
  const comments: { line: number; lines: string[]; text: string[] }[] = [];
  let kind: Kind = 'none';
  for (const [at, line] of source.split('\n').entries()) {
    const trimmed = line.trim();
    const before: Kind = kind;
    kind = kindAfter(before, trimmed, sign);
    if (kind === 'none') continue;
    if (kind !== before) comments.push({ line: at + 1, lines: [], text: [] });
    comments.at(-1)?.lines.push(line);
    comments.at(-1)?.text.push(kind === 'block' ? blockText(trimmed) : trimmed.slice(sign.length).trim());
    if (kind === 'block' && trimmed.endsWith('*/')) kind = 'none';
  }
  return comments;
}

/** What a line is part of, by what the line before was. */
function kindAfter(before: Kind, trimmed: string, sign: LineSign): Kind {
  if (before === 'block' || (sign === '//' && trimmed.startsWith('/*'))) return 'block';
  return isLineComment(trimmed, sign) ? 'lines' : 'none';
}

function isLineComment(trimmed: string, sign: LineSign): boolean {
  return trimmed.startsWith(sign) && !trimmed.startsWith('#!');
}

function blockText(trimmed: string): string {
  return trimmed
    .replace(/^\/\*+|^\*(?!\/)/u, '')
    .replace(/\*\/$/u, '')
    .trim();
}

/** Lines longer than `most` columns that could be broken: a long address could not. Pure. */
export function longLines({ line, lines }: Comment, most: number): readonly number[] {
  const isLong = (text: string): boolean => text.length > most && /\S\s+\S.*\s\S/u.test(text.trim());
  return lines.flatMap((text, at) => (isLong(text) ? [line + at] : []));
}

/**
 * The sentences of a comment. A tag (`@param`), an item of a list and an empty line begin a new one. Pure.
 */
export function sentencesOf({ text }: Comment): readonly string[] {
  const whole = text.map((line) => (/^(?:@|[-*] |$)/u.test(line) ? `\n${line}` : line)).join(' ');
  return whole
    .split('\n')
    .flatMap((part) => part.replaceAll(/ (?=@(?:param|returns?|throws)\b)/gu, '\n').split('\n'))
    .flatMap((part) => part.split(/(?<=[.!?]['"”)]?)\s+(?=[\p{Lu}`'"“(@{])/u))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Words of a sentence: code is one word, a citation in brackets none. Pure. */
export function wordsIn(sentence: string): number {
  const plain = sentence
    .replaceAll(/\((?:docs\/|RFC |issue |see )[^)]*\)/gu, '')
    .replaceAll(/`[^`]*`|\{@link [^}]*\}/gu, 'code')
    .replace(/^@\w+/u, '');
  return plain.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
