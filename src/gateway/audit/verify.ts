import { isLinked, noHead } from '../storage/audit-chain.ts';
import type { Storage } from '../storage/storage.ts';
import type { HeadLine } from './heads-file.ts';

/** Number of entries that are read at once. */
const mostEntries = 1_000;

/** What a check of the audit has found. */
export interface AuditCheck {
  readonly entries: number;
  /** Number of exported heads that the audit has. */
  readonly heads: number;
  /** Numbers of entries that do not follow from the entry before them, at most 100. */
  readonly broken: readonly number[];
  /** Exported heads that the audit lacks, or has with another hash, by number; at most 100. */
  readonly missing: readonly number[];
}

/** Maximum number of faults of each kind that are listed. */
const mostFaults = 100;

/**
 * Checks the chain of hashes of each gateway, and compares the entries with exported heads.
 * @param heads those since the operator has last accepted a database that was put back
 * @throws {StorageError}
 */
export async function checkAudit(storage: Storage, heads: readonly HeadLine[]): Promise<AuditCheck> {
  const before = new Map<string, string>();
  const exported = new Map(heads.map(({ number, hash }) => [number, hash]));
  exported.delete(noHead.number);
  const missing = new Set(exported.keys());
  const broken: number[] = [];
  let [entries, after] = [0, 0];
  for (;;) {
    const links = await storage.auditLinks(after, mostEntries);
    for (const link of links) {
      if (!isLinked(before.get(link.gateway) ?? noHead.hash, link)) broken.push(link.number);
      before.set(link.gateway, link.hash);
      if (exported.get(link.number) === link.hash) missing.delete(link.number);
    }
    entries += links.length;
    after = links.at(-1)?.number ?? after;
    if (links.length === 0) break;
  }
  return {
    entries,
    heads: exported.size - missing.size,
    broken: broken.slice(0, mostFaults),
    missing: [...missing].slice(0, mostFaults),
  };
}

/** The heads that the present database must have: those since the operator has last accepted a database. */
export function sinceAcceptance(lines: readonly HeadLine[]): readonly HeadLine[] {
  const accepted = lines.findLastIndex((line) => line.accepted === true);
  return lines.slice(Math.max(accepted, 0));
}
