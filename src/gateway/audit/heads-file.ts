import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { isSystemError } from '../../net/system-error.ts';
import type { AuditHead } from '../storage/storage.ts';

/** A line of the file: an entry of the audit by its number and hash, and when the line was written. */
export interface HeadLine extends AuditHead {
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** Whether the operator has accepted an older copy of the database. It may lack heads of earlier lines. */
  readonly accepted?: true | undefined;
}

const headLine = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    at: v.number(),
    number: v.number(),
    hash: v.string(),
    accepted: v.optional(v.literal(true)),
  }),
);

/** How much of the end of the file is read, octets. A week has about 10,000 lines. */
const mostRead = 2 * 1024 * 1024;

/** The file cannot be read, or a line of it is no head of an audit. */
export class HeadsUnreadable extends Error {
  override readonly name = 'HeadsUnreadable';
}

/**
 * Heads of the audit outside the database, one JSON object a line. A database that lacks the last head is an
 * older copy. Whoever falsifies the audit would have to change this file too.
 */
export class HeadsFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * The lines at the end of the file, oldest first. A line that was cut off by a crash is left out.
   * @throws {HeadsUnreadable}
   */
  last(): readonly HeadLine[] {
    try {
      const file = openSync(this.path, 'r');
      try {
        const { size } = fstatSync(file);
        const octets = Buffer.alloc(Math.min(size, mostRead));
        const read = readSync(file, octets, 0, octets.length, size - octets.length);
        return linesOf(octets.toString('utf8', 0, read), size > mostRead);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') return [];
      if (isSystemError(error)) throw new HeadsUnreadable(error.message, { cause: error });
      throw error;
    }
  }

  /** All lines. @throws {HeadsUnreadable} */
  async all(): Promise<readonly HeadLine[]> {
    try {
      return linesOf(await readFile(this.path, 'utf8'), false);
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') return [];
      if (isSystemError(error)) throw new HeadsUnreadable(error.message, { cause: error });
      throw error;
    }
  }

  /** Adds a line, which is on disk then. @throws {HeadsUnreadable} the file cannot be written */
  append(line: HeadLine): void {
    try {
      const file = openSync(this.path, 'a+', 0o600);
      try {
        const { size } = fstatSync(file);
        const end = Buffer.alloc(1);
        const isCut = size > 0 && readSync(file, end, 0, 1, size - 1) === 1 && end.toString() !== '\n';
        writeSync(file, `${isCut ? '\n' : ''}${JSON.stringify(line)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new HeadsUnreadable(error.message, { cause: error });
    }
  }
}

/**
 * @param isPart whether the text begins somewhere in the file, perhaps within a line
 * @throws {HeadsUnreadable}
 */
function linesOf(text: string, isPart: boolean): readonly HeadLine[] {
  // What follows the last line break is a line that a crash has cut off. The first line of a part may lack
  // its begin.
  const whole = text.split('\n').slice(isPart ? 1 : 0, -1);
  return whole.flatMap((line) => {
    const read = v.safeParse(headLine, line);
    if (read.success) return [read.output];
    if (isCutOff(line)) return [];
    throw new HeadsUnreadable(`a line that is no head of an audit: ${line.slice(0, 100)}`);
  });
}

/** Whether a line was cut off by a crash. The next line was then written below it. */
function isCutOff(line: string): boolean {
  return line.startsWith('{"at":') && !line.endsWith('}');
}
