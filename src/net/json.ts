import { Pace } from './slices.ts';

/** Maximum number of characters that are parsed without a pause. */
const mostPiece = 64 * 1024;

/**
 * Maximum number of values in a document, which limits the memory. This is enough for a long list of zones
 * with a dozen fields each.
 */
const mostValues = 4_000_000;

/** Arrays and objects are split up to this depth of nesting. A deeper one must fit into one piece. */
const mostDepth = 8;

/**
 * Parses JSON (RFC 8259) in pieces of about 64 KiB, with pauses for other work.
 * @throws {SyntaxError} if the text is not JSON or has more than 4 million values. Also if a value more than
 *   8 levels deep is larger than 64 KiB
 */
export async function parseJsonInSlices(text: string): Promise<unknown> {
  if (text.length <= mostPiece) return JSON.parse(text);
  return await new SlicedParser(text).value(0, text.length, 0);
}

/** Where a member of an array or object begins and ends in the text. */
interface Member {
  readonly from: number;
  readonly to: number;
}

class SlicedParser {
  readonly #text: string;
  readonly #pace = new Pace();
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  async value(from: number, to: number, depth: number): Promise<unknown> {
    const start = this.#afterSpace(from);
    const open = this.#text[start];
    if (to - start <= mostPiece || (open !== '[' && open !== '{'))
      return JSON.parse(this.#text.slice(from, to));
    if (depth >= mostDepth) throw new SyntaxError('nested too deeply');
    const members = await this.#members(start, to, depth);
    return await (open === '[' ? this.#array(members, depth) : this.#object(members, depth));
  }

  #list(from: number, to: number): unknown[] {
    return JSON.parse(`[${this.#text.slice(from, to)}]`);
  }

  async #array(members: readonly Member[], depth: number): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const { first, last, single } of this.#batches(members)) {
      if (this.#pace.due) await this.#pace.rest();
      if (single) found.push(await this.value(first.from, last.to, depth + 1));
      else for (const one of this.#list(first.from, last.to)) found.push(one);
    }
    return found;
  }

  async #object(members: readonly Member[], depth: number): Promise<unknown> {
    const found: (readonly [string, unknown])[] = [];
    for (const { first, last, single } of this.#batches(members)) {
      if (this.#pace.due) await this.#pace.rest();
      if (!single) {
        const part: object = JSON.parse(`{${this.#text.slice(first.from, last.to)}}`);
        for (const entry of Object.entries(part)) found.push(entry);
        continue;
      }
      const colon = this.#colonAfterKey(first);
      const [key] = this.#list(first.from, colon);
      if (typeof key !== 'string') throw new SyntaxError('an object without a key');
      found.push([key, await this.value(colon + 1, last.to, depth + 1)]);
    }
    return Object.fromEntries(found);
  }

  /**
   * Groups successive members so that each group fits into one piece. A member that is too large for a piece
   * forms a group of its own, with `single`.
   */
  *#batches(members: readonly Member[]): Iterable<{ first: Member; last: Member; single: boolean }> {
    let first: Member | null = null;
    let last: Member | null = null;
    for (const member of members) {
      if (this.#afterSpace(member.from) >= member.to) throw new SyntaxError('an empty member');
      if (first !== null && last !== null && member.to - first.from > mostPiece) {
        yield { first, last, single: false };
        first = null;
      }
      if (member.to - member.from > mostPiece) {
        yield { first: member, last: member, single: true };
        continue;
      }
      first ??= member;
      last = member;
    }
    if (first !== null && last !== null) yield { first, last, single: false };
  }

  /** Finds the members of the array or object that begins at `start` and ends before `to`. */
  async #members(start: number, to: number, depth: number): Promise<readonly Member[]> {
    const text = this.#text;
    const members: Member[] = [];
    let level = 0;
    let steps = 0;
    let from = start + 1;
    for (let at = start; at < to; at += 1) {
      steps += 1;
      if (steps % 1_024 === 0 && this.#pace.due) await this.#pace.rest();
      switch (text.charAt(at)) {
        case '"':
          at = this.#endOfString(at, to);
          break;
        case '[':
        case '{':
          level += 1;
          this.#count(depth);
          break;
        case ',':
          this.#count(depth);
          if (level !== 1) break;
          members.push({ from, to: at });
          from = at + 1;
          break;
        case ']':
        case '}':
          level -= 1;
          if (level > 0) break;
          this.#demandEnd(start, at, to);
          if (members.length > 0 || this.#afterSpace(from) < at) members.push({ from, to: at });
          return members;
      }
    }
    throw new SyntaxError('cut off');
  }

  /**
   * Counts the values of the document. Only the scan of the outermost array or object counts, so each value
   * is counted once.
   */
  #count(depth: number): void {
    if (depth === 0) this.#values += 1;
    if (this.#values > mostValues) throw new SyntaxError('too many values');
  }

  #demandEnd(start: number, at: number, to: number): void {
    const pair = `${this.#text[start]}${this.#text[at]}`;
    if ((pair !== '[]' && pair !== '{}') || this.#afterSpace(at + 1) < to)
      throw new SyntaxError('unbalanced');
  }

  /** The position of the closing quotation mark of the string that begins at `from`. */
  #endOfString(from: number, to: number): number {
    let at = from + 1;
    while (at < to && this.#text[at] !== '"') at += this.#text[at] === '\\' ? 2 : 1;
    return at;
  }

  #colonAfterKey({ from, to }: Member): number {
    const start = this.#afterSpace(from);
    const colon = this.#text[start] === '"' ? this.#afterSpace(this.#endOfString(start, to) + 1) : to;
    if (this.#text[colon] !== ':') throw new SyntaxError('an object without a key');
    return colon;
  }

  #afterSpace(from: number): number {
    let at = from;
    while (' \t\r\n'.includes(this.#text[at] ?? 'x')) at += 1;
    return at;
  }
}
