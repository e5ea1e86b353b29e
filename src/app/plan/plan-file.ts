import { createHash, randomBytes, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { CentralId } from '../../core/central.ts';
import { CommandFailed } from '../command-failed.ts';
import { centralPlan } from '../control/plan-data.ts';
import type { CentralPlan } from '../control/protocol.ts';
import { version } from '../version.ts';

/** A central as a plan file identifies it. */
export interface PlannedCentral extends CentralId {
  readonly number: number;
}

const formatName = 'domainsync-plan';
const formatVersion = 1;
/**
 * Greatest age of a plan that is applied, milliseconds. Too much may have changed since an older one was
 * made.
 */
const mostAge = 7 * 24 * 3_600_000;
/** Largest plan file that is read, octets: about ten million records. */
const mostBytes = 2 * 1024 * 1024 * 1024;
/** Longest line of a plan file, characters. */
const mostLine = 64 * 1024 * 1024;

const header = v.object({
  format: v.literal(formatName),
  version: v.literal(formatVersion),
  /** When the plan was made: wall clock, milliseconds since 1970. */
  made: v.number(),
  /** The host on which the plan was made, and the root of the panel there. */
  host: v.string(),
  root: v.string(),
  release: v.string(),
  centrals: v.array(
    v.object({ number: v.number(), kind: v.string(), address: v.string(), account: v.string() }),
  ),
});

const trailer = v.object({ zones: v.number(), sha256: v.string() });

/** The panel and the centrals for which {@link writePlanFile} or {@link readPlanFile} is called. */
export interface PlanOrigin {
  readonly root: string;
  readonly centrals: readonly PlannedCentral[];
}

/**
 * Writes a plan file: one line of JSON for each zone, then a line with the checksum of all lines above it.
 * @returns the number of zones
 * @throws {CommandFailed} a file with that name exists, or the disk is full; no part of the plan is left
 */
export async function writePlanFile(
  path: string,
  { root, centrals }: PlanOrigin,
  plans: AsyncIterable<CentralPlan>,
): Promise<number> {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new CommandFailed(`${path} exists. Name another file, or remove it.`);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.new`);
  try {
    const zones = await writeLines(draft, { root, centrals }, plans);
    // A link cannot replace a file that somebody has created meanwhile; a rename would replace it.
    linkSync(draft, path);
    return zones;
  } catch (error) {
    throw fileFailed(path, 'written', error);
  } finally {
    rmSync(draft, { force: true });
  }
}

async function writeLines(
  draft: string,
  origin: PlanOrigin,
  plans: AsyncIterable<CentralPlan>,
): Promise<number> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const sum = createHash('sha256');
  const line = (value: unknown): void => {
    const text = `${JSON.stringify(value)}\n`;
    sum.update(text);
    // On a disk that is nearly full, one write may store only a part. `writeFileSync` then writes the rest or
    // throws; `writeSync` would not.
    writeFileSync(file, text);
  };
  try {
    const made = Date.now();
    line({ format: formatName, version: formatVersion, made, host: hostname(), release: version, ...origin });
    let zones = 0;
    for await (const plan of plans) {
      line(plan);
      zones += 1;
    }
    line({ zones, sha256: sum.copy().digest('hex') });
    fsyncSync(file);
    return zones;
  } finally {
    closeSync(file);
  }
}

/**
 * Reads and checks a plan file.
 * @param now the present time: wall clock, milliseconds since 1970
 * @throws {CommandFailed} the file cannot be read, was changed by hand or is too old. Also if it was made on
 *   another host or with other centrals in the settings
 */
export async function readPlanFile(
  path: string,
  here: PlanOrigin,
  now: number,
): Promise<readonly CentralPlan[]> {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new CommandFailed(`There is no file ${path}.`);
    // Reading a pipe might wait forever, and a device might never end.
    if (!found.isFile()) throw new CommandFailed(`${path} is no plan: it is no regular file.`);
    if (found.size > mostBytes) throw new CommandFailed(`${path} is no plan: it is too large.`);
    return await readLines(path, here, now);
  } catch (error) {
    throw fileFailed(path, 'read', error);
  }
}

async function readLines(path: string, here: PlanOrigin, now: number): Promise<readonly CentralPlan[]> {
  const sum = createHash('sha256');
  const plans: CentralPlan[] = [];
  let head: v.InferOutput<typeof header> | null = null;
  let end: v.InferOutput<typeof trailer> | null = null;
  const lines = createInterface({ input: createReadStream(path, { encoding: 'utf8' }), crlfDelay: Infinity });
  for await (const line of lines) {
    if (end !== null) throw changed(path);
    const value = parsed(path, line);
    if (head === null) head = checkedHeader(path, value);
    else if (v.is(trailer, value)) end = value;
    else plans.push(checkedPlan(path, value));
    if (end === null) sum.update(`${line}\n`);
  }
  if (head === null || end === null || !isWhole(end, plans, sum)) throw changed(path);
  checkOrigin(path, head, here, now);
  return plans;
}

function isWhole(end: v.InferOutput<typeof trailer>, plans: readonly CentralPlan[], sum: Hash): boolean {
  return end.zones === plans.length && end.sha256 === sum.digest('hex');
}

function parsed(path: string, line: string): unknown {
  if (line.length > mostLine) throw changed(path);
  try {
    return JSON.parse(line);
  } catch {
    // A line that is not JSON means that somebody changed the file, as a wrong checksum does.
    throw changed(path);
  }
}

function checkedHeader(path: string, value: unknown): v.InferOutput<typeof header> {
  const known = v.safeParse(header, value);
  if (known.success) return known.output;
  throw new CommandFailed(
    `${path} is no plan that this release can read. Make a new one with "domainsync plan".`,
  );
}

function checkedPlan(path: string, value: unknown): CentralPlan {
  const known = v.safeParse(centralPlan, value);
  if (known.success) return known.output;
  throw changed(path);
}

function checkOrigin(
  path: string,
  { host, root, made, centrals }: v.InferOutput<typeof header>,
  here: PlanOrigin,
  now: number,
): void {
  const wrong: string[] = [];
  if (host !== hostname() || root !== here.root)
    wrong.push(`It was made on ${host} for the panel at ${root}, not here.`);
  if (identities(centrals) !== identities(here.centrals))
    wrong.push('It was made for other centrals than the settings in force name.');
  if (now - made > mostAge) wrong.push('It is more than seven days old.');
  if (wrong.length === 0) return;
  const text = [`The plan ${path} is not applied, and nothing was changed.`, ...wrong];
  throw new CommandFailed([...text, 'Make a new one with "domainsync plan".'].join('\n'));
}

function identities(centrals: readonly PlannedCentral[]): string {
  return centrals
    .map(({ number, kind, address, account }) => `${number} ${kind} ${address} ${account}`)
    .join('\n');
}

function changed(path: string): CommandFailed {
  return new CommandFailed(
    `The plan ${path} is cut off, or somebody changed it. Nothing was changed. Make a new one with "domainsync plan".`,
  );
}

/** Turns an error of the file system into a sentence for the user. Returns any other error unchanged. */
export function fileFailed(path: string, what: 'written' | 'read', error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'you may not access it',
    ENOENT: 'it, or its folder, does not exist',
    ENOTDIR: 'a part of its path is no folder',
    ENAMETOOLONG: 'its name is too long',
    EISDIR: 'it is a folder',
    EEXIST: 'it exists',
    EROFS: 'the file system is read-only',
  };
  return new CommandFailed(`${path} cannot be ${what}: ${reasons[error.code] ?? error.code}.`);
}
