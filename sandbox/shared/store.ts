import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { MailDomain, Row, SandboxUser, WebDomain, Zone } from './types.ts';

interface Tables {
  readonly zone: Map<string, Zone>;
  readonly web: Map<string, WebDomain>;
  readonly mail: Map<string, MailDomain>;
  readonly user: Map<string, SandboxUser>;
}

type TableName = keyof Tables;

interface Entry {
  readonly table: TableName;
  readonly name: string;
  readonly value: unknown;
}

interface Hidden {
  readonly name: string;
  readonly before: Zone | undefined;
  readonly until: number;
}

/** Undoes everything that the recorded work has changed. */
export type Undo = () => void;

/**
 * The panel's state, in memory and in a file of JSON lines. Each line has the new value of one object
 * (`null`: removed), and is written before reads can see the change. So a killed sandbox keeps its state, and
 * a power cut may lose some of it.
 */
export class Store {
  readonly #tables: Tables = { zone: new Map(), web: new Map(), mail: new Map(), user: new Map() };
  readonly #now: () => number;
  readonly #delay: () => number;
  #file: number;
  #hidden: Hidden[] = [];
  #recording: Undo[] | null = null;

  /**
   * Opens the file. Creates it if it is missing; otherwise compacts it, and drops an incomplete last line.
   * @param delay milliseconds until reads see a change of a zone
   * @throws Error when the file cannot be read or written, or is no file of this kind
   */
  constructor(path: string, now: () => number, delay: () => number) {
    this.#now = now;
    this.#delay = delay;
    if (existsSync(path)) this.#load(readFileSync(path, 'utf8'));
    writeFileSync(`${path}.new`, this.#lines().join(''), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    this.#file = openSync(path, 'a', 0o600);
  }

  #load(text: string): void {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) {
      if (line === '') continue;
      const entry: Entry = JSON.parse(line);
      this.#apply(entry.table, entry.name, entry.value);
    }
  }

  #lines(): string[] {
    return Object.entries(this.#tables).flatMap(([table, rows]) =>
      [...rows].map(([name, value]) => `${JSON.stringify({ table, name, value })}\n`),
    );
  }

  #apply(table: TableName, name: string, value: unknown): void {
    const rows: Map<string, unknown> = this.#tables[table];
    if (value === null) rows.delete(name);
    else rows.set(name, value);
  }

  #put(table: TableName, name: string, value: unknown): void {
    const before: unknown = this.#tables[table].get(name) ?? null;
    if (table === 'zone' && this.#delay() > 0) this.#hide(name);
    writeSync(this.#file, `${JSON.stringify({ table, name, value })}\n`);
    this.#apply(table, name, value);
    this.#recording?.push(() => this.#put(table, name, this.#withdraw(table, name, before, value)));
  }

  /**
   * The value of an object once the change from `before` to `after` is undone. Later changes of a zone's rows
   * stay.
   */
  #withdraw(table: TableName, name: string, before: unknown, after: unknown): unknown {
    const present = table === 'zone' ? this.zone(name) : undefined;
    if (present === undefined || present === after || !isZone(before) || !isZone(after)) return before;
    return { ...present, rows: withdrawRows(present.rows, before.rows, after.rows) };
  }

  #hide(name: string): void {
    const now = this.#now();
    this.#hidden = this.#hidden.filter((hidden) => hidden.until > now);
    this.#hidden.push({ name, before: this.#tables.zone.get(name), until: now + this.#delay() });
  }

  /**
   * Runs `work`.
   * @returns a function that undoes its changes
   * @throws what `work` throws, after undoing its changes
   */
  record(work: () => void): Undo {
    const undos: Undo[] = [];
    const undo = (): void => {
      for (const step of undos.toReversed()) step();
    };
    this.#recording = undos;
    try {
      work();
    } catch (error) {
      this.#recording = null;
      undo();
      throw error;
    } finally {
      this.#recording = null;
    }
    return undo;
  }

  /** The zone with all changes, including those that reads do not see yet. */
  zone(name: string): Zone | undefined {
    return this.#tables.zone.get(name);
  }

  /** All zones with all changes, sorted by name. */
  zones(): Zone[] {
    return sorted(this.#tables.zone);
  }

  /** The zone as reads see it now; undefined: they see no such zone. */
  visibleZone(name: string): Zone | undefined {
    const now = this.#now();
    const hidden = this.#hidden.find((one) => one.name === name && one.until > now);
    return hidden === undefined ? this.zone(name) : hidden.before;
  }

  /** All zones as reads see them now, sorted by name. */
  visibleZones(): Zone[] {
    const names = new Set([...this.#tables.zone.keys(), ...this.#hidden.map((hidden) => hidden.name)]);
    return [...names].sort().flatMap((name) => this.visibleZone(name) ?? []);
  }

  putZone(zone: Zone): void {
    this.#put('zone', zone.name, zone);
  }

  dropZone(name: string): void {
    this.#put('zone', name, null);
  }

  web(name: string): WebDomain | undefined {
    return this.#tables.web.get(name);
  }

  webs(): WebDomain[] {
    return sorted(this.#tables.web);
  }

  putWeb(web: WebDomain): void {
    this.#put('web', web.name, web);
  }

  dropWeb(name: string): void {
    if (this.#tables.web.has(name)) this.#put('web', name, null);
  }

  mail(name: string): MailDomain | undefined {
    return this.#tables.mail.get(name);
  }

  mails(): MailDomain[] {
    return sorted(this.#tables.mail);
  }

  putMail(mail: MailDomain): void {
    this.#put('mail', mail.name, mail);
  }

  dropMail(name: string): void {
    if (this.#tables.mail.has(name)) this.#put('mail', name, null);
  }

  user(name: string): SandboxUser | undefined {
    return this.#tables.user.get(name);
  }

  users(): SandboxUser[] {
    return sorted(this.#tables.user);
  }

  putUser(user: SandboxUser): void {
    this.#put('user', user.name, user);
  }

  dropUser(name: string): void {
    this.#put('user', name, null);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function sorted<T>(rows: ReadonlyMap<string, T>): T[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function isZone(value: unknown): value is Zone {
  return typeof value === 'object' && value !== null && 'rows' in value;
}

/**
 * Undoes a change of rows, but keeps what later calls changed in these rows. Rows that do not change stay the
 * same objects.
 */
function withdrawRows(present: readonly Row[], before: readonly Row[], after: readonly Row[]): Row[] {
  const kept = present.filter((row) => before.includes(row) || !after.includes(row));
  return [...kept, ...before.filter((row) => !after.includes(row))];
}
