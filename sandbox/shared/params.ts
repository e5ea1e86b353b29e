/** The part of the request in which a parameter came. Handlers may get the parameter in the same part. */
export type Source = 'query' | 'body';

export interface Param {
  readonly name: string;
  readonly value: string;
  readonly source: Source;
}

/** The parameters of one call: first those of the query, then those of the body. */
export class Params {
  readonly entries: readonly Param[];

  constructor(entries: readonly Param[]) {
    this.entries = entries;
  }

  static of(values: Readonly<Record<string, string>>, source: Source = 'query'): Params {
    return new Params(Object.entries(values).map(([name, value]) => ({ name, value, source })));
  }

  /** Parses `a=b&c=d`. `+` is a space, and a wrong `%` stays as it is. */
  static parse(text: string, source: Source): Params {
    return new Params([...new URLSearchParams(text)].map(([name, value]) => ({ name, value, source })));
  }

  and(other: Params): Params {
    return new Params([...this.entries, ...other.entries]);
  }

  /** The last value with this name, so that the body counts more than the query; undefined: there is none. */
  get(name: string): string | undefined {
    return this.entries.findLast((entry) => entry.name === name)?.value;
  }

  /** The value without white space around it; empty if there is none. */
  text(name: string): string {
    return this.get(name)?.trim() ?? '';
  }

  /** Whether a check box with this name is ticked. */
  on(name: string): boolean {
    const value = this.text(name);
    return value !== '' && value !== 'off' && value !== 'no';
  }

  /** Whether the call saves: its `sok` is not empty (docs/protocol.md#parameters). */
  get saved(): boolean {
    return (this.get('sok') ?? '') !== '';
  }

  /** Keeps only the last value of each name. */
  last(): Params {
    const kept = this.entries.filter(
      (entry, at) => !this.entries.some((other, later) => later > at && other.name === entry.name),
    );
    return new Params(kept);
  }

  /** If some `sok` is not empty, repeats it at the end, so that it counts. */
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

  /** Encodes the parameters like a form: all of them, or only those from one part of the request. */
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
 * Parses a `multipart/form-data` body, which some clients send (docs/protocol.md#transport). Leaves out parts
 * without a name.
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
