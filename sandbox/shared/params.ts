/** The part of the request that a parameter came in. Handlers may get it in the same part. */
export type Source = 'query' | 'body';

export interface Param {
  readonly name: string;
  readonly value: string;
  readonly source: Source;
}

/** Parameters of one call: those of the query first, then those of the body. */
export class Params {
  readonly entries: readonly Param[];

  constructor(entries: readonly Param[]) {
    this.entries = entries;
  }

  static of(values: Readonly<Record<string, string>>, source: Source = 'query'): Params {
    return new Params(Object.entries(values).map(([name, value]) => ({ name, value, source })));
  }

  /** Reads `a=b&c=d`; `+` is a space, a broken `%` stays as it is. */
  static parse(text: string, source: Source): Params {
    return new Params([...new URLSearchParams(text)].map(([name, value]) => ({ name, value, source })));
  }

  and(other: Params): Params {
    return new Params([...this.entries, ...other.entries]);
  }

  /** The last value under the name, so that the body wins over the query; undefined: it was not sent. */
  get(name: string): string | undefined {
    return this.entries.findLast((entry) => entry.name === name)?.value;
  }

  /** The value without white space around it; empty if it was not sent. */
  text(name: string): string {
    return this.get(name)?.trim() ?? '';
  }

  /** Whether a check box of this name is ticked. */
  on(name: string): boolean {
    const value = this.text(name);
    return value !== '' && value !== 'off' && value !== 'no';
  }

  /** Whether the call saves: `sok` has any text (docs/protocol.md#parameters). */
  get saved(): boolean {
    return (this.get('sok') ?? '') !== '';
  }

  /** Only the last value of each name. */
  last(): Params {
    const kept = this.entries.filter(
      (entry, at) => !this.entries.some((other, later) => later > at && other.name === entry.name),
    );
    return new Params(kept);
  }

  /** If some `sok` is not empty, repeats it at the end, so that it counts as the value. */
  withSavingSok(): Params {
    const saving = this.entries.find(({ name, value }) => name === 'sok' && value !== '');
    return saving === undefined ? this : new Params([...this.entries, saving]);
  }

  without(...names: readonly string[]): Params {
    return new Params(this.entries.filter((entry) => !names.includes(entry.name)));
  }

  mapValues(change: (entry: Param) => string): Params {
    return new Params(this.entries.map((entry) => ({ ...entry, value: change(entry) })));
  }

  /** The parameters in form encoding: all, or only those from one part of the request. */
  encode(source?: Source): string {
    const form = new URLSearchParams();
    for (const entry of this.entries) {
      if (source === undefined || entry.source === source) form.append(entry.name, entry.value);
    }
    return form.toString();
  }

  record(): Record<string, string> {
    return Object.fromEntries(this.entries.map((entry) => [entry.name, entry.value]));
  }
}

interface Part {
  readonly name: string;
  readonly value: string;
}

function readPart(part: string): Part | null {
  const cut = part.indexOf('\r\n\r\n');
  const name = /name="([^"]*)"/iu.exec(part.slice(0, cut))?.[1];
  if (cut < 0 || name === undefined) return null;
  return { name, value: part.slice(cut + 4).replace(/\r\n$/u, '') };
}

/**
 * Reads a `multipart/form-data` body, as some clients send it (docs/protocol.md#transport). Parts without a
 * name are left out.
 */
export function parseMultipart(body: string, contentType: string): Params {
  const boundary = /boundary="?([^";]+)"?/iu.exec(contentType)?.[1];
  if (boundary === undefined) return new Params([]);
  const parts = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1);
  return new Params(
    parts.flatMap((part) => {
      const read = readPart(part);
      return read === null ? [] : [{ ...read, source: 'body' as const }];
    }),
  );
}
