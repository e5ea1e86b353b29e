import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemOr } from '../net/system-error.ts';

/** Hashes that distinguish one host from another. Null: the host does not show this id. */
export interface HostIdentity {
  /** Hash of the id of the installed system (machine-id(5)). */
  readonly machine: string | null;
  /** Hash of the id of the physical or virtual machine (`product_uuid` of DMI). */
  readonly board: string | null;
}

/** The files in which a host shows the two ids. */
export const hostFiles = { machine: '/etc/machine-id', board: '/sys/class/dmi/id/product_uuid' } as const;

/**
 * Reads the identity of a host. If a file is missing or contains no id, this part of the identity is null.
 * @param files the paths of both files
 */
export function readHost(files: Readonly<Record<keyof HostIdentity, string>>): HostIdentity {
  return { machine: hashIn(files.machine), board: hashIn(files.board) };
}

/**
 * Reads the id in a file and returns its hash; null: the file contains no id. The id itself is confidential
 * (machine-id(5)), so only its hash is stored.
 */
function hashIn(path: string): string | null {
  const id = systemOr(() => readFileSync(path, 'utf8'), '')
    .trim()
    .toLowerCase()
    .replaceAll('-', '');
  // Boards without an id of their own show only zeros or only `f`.
  if (!/^[0-9a-f]{32}$/u.test(id) || /^(.)\1*$/u.test(id)) return null;
  return createHash('sha256').update(`domainsync ${id}`).digest('hex').slice(0, 32);
}

/** Formats an identity as one word, to be stored as a fact. {@link parseHost} parses this word. */
export function hostText({ machine, board }: HostIdentity): string {
  return `${machine ?? '-'}/${board ?? '-'}`;
}

/**
 * Parses an identity that {@link hostText} has made. For null, both parts of the identity are unknown (null).
 */
export function parseHost(text: string | null): HostIdentity {
  const [machine = '-', board = '-'] = (text ?? '').split('/');
  return { machine: knownPart(machine), board: knownPart(board) };
}

function knownPart(text: string): string | null {
  return /^[0-9a-f]{32}$/u.test(text) ? text : null;
}

/**
 * Whether two identities certainly belong to different hosts: both have the same kind of id, and the values
 * differ.
 */
export function isOtherHost(one: HostIdentity, other: HostIdentity): boolean {
  return differs(one.machine, other.machine) || differs(one.board, other.board);
}

function differs(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}

/** Returns the first identity. Parts that it lacks are taken from the second one. */
export function completed(one: HostIdentity, other: HostIdentity): HostIdentity {
  return { machine: one.machine ?? other.machine, board: one.board ?? other.board };
}
