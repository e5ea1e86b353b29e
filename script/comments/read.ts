/** One comment: a block, or consecutive lines of `//` or `#`. */
export interface Comment {
  /** Number of the comment's first line, from 1. */
  readonly line: number;
  /** The comment's lines as they are in the file. */
  readonly lines: readonly string[];
  /** The comment's lines without comment signs and white space around them. */
  readonly text: readonly string[];
}

/** The sign with which a comment line begins. */
export type LineSign = '//' | '#';

type Kind = 'block' | 'lines' | 'none';

/** Finds all comments that fill whole lines. A comment behind code is left out. Pure. */
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

/**
 * Whether a line is code or belongs to a comment, and to what kind of comment.
 * @param before the kind of the line before it
 */
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

/**
 * Numbers of the lines longer than `most` columns. A line without a blank, such as a URL, cannot be broken
 * and is left out. Pure.
 */
export function longLines({ line, lines }: Comment, most: number): readonly number[] {
  const isLong = (text: string): boolean => text.length > most && /\S\s+\S.*\s\S/u.test(text.trim());
  return lines.flatMap((text, at) => (isLong(text) ? [line + at] : []));
}

/**
 * Splits a comment into sentences. A tag (`@param`), an item of a list and an empty line begin a new one.
 * Pure.
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

/** Counts the words of a sentence. Code counts as one word, a citation in parentheses as none. Pure. */
export function wordsIn(sentence: string): number {
  const plain = sentence
    .replaceAll(/\((?:docs\/|RFC |issue |see )[^)]*\)/gu, '')
    .replaceAll(/`[^`]*`|\{@link [^}]*\}/gu, 'code')
    .replace(/^@\w+/u, '');
  return plain.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
