import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemOr } from '../net/system-error.ts';

/** Hashes that tell hosts apart; null: the host does not show it. */
export interface HostIdentity {
  /** Of the id of the installed system (machine-id(5)). */
  readonly machine: string | null;
  /** Of the id of the machine or the virtual machine (`product_uuid` of DMI). */
  readonly board: string | null;
}

/** Where a host shows the two ids. */
export const hostFiles = { machine: '/etc/machine-id', board: '/sys/class/dmi/id/product_uuid' } as const;

/**
 * Reads the identity of a host. A file that is missing or that does not contain an id is no identity.
 * @param files the paths of both files
 */
export function readHost(files: Readonly<Record<keyof HostIdentity, string>>): HostIdentity {
  return { machine: hashIn(files.machine), board: hashIn(files.board) };
}

/** The id itself is confidential (machine-id(5)), so only its hash is stored. */
function hashIn(path: string): string | null {
  const id = systemOr(() => readFileSync(path, 'utf8'), '')
    .trim()
    .toLowerCase()
    .replaceAll('-', '');
  // Boards without an id of their own show only zeros or only `f`.
  if (!/^[0-9a-f]{32}$/u.test(id) || /^(.)\1*$/u.test(id)) return null;
  return createHash('sha256').update(`domainsync ${id}`).digest('hex').slice(0, 32);
}

/** Writes an identity as one word for a fact; {@link parseHost} reads it. */
export function hostText({ machine, board }: HostIdentity): string {
  return `${machine ?? '-'}/${board ?? '-'}`;
}

/** Reads an identity that {@link hostText} has written. Null stands for one of which nothing is known. */
export function parseHost(text: string | null): HostIdentity {
  const [machine = '-', board = '-'] = (text ?? '').split('/');
  return { machine: knownPart(machine), board: knownPart(board) };
}

function knownPart(text: string): string | null {
  return /^[0-9a-f]{32}$/u.test(text) ? text : null;
}

/** Whether two identities certainly belong to different hosts: an id that both show differs. */
export function isOtherHost(one: HostIdentity, other: HostIdentity): boolean {
  return differs(one.machine, other.machine) || differs(one.board, other.board);
}

function differs(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}

/** The first identity, completed by what only the second shows. */
export function completed(one: HostIdentity, other: HostIdentity): HostIdentity {
  return { machine: one.machine ?? other.machine, board: one.board ?? other.board };
}
