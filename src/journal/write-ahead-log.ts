import { readFileSync, statSync } from 'node:fs';

/*
 * The write-ahead log of SQLite (sqlite.org/fileformat2.html, "The Write-Ahead Log"). SQLite treats the first
 * damaged frame as the end of the log, as if a power cut had interrupted the write of this frame. All later
 * frames are dropped without an error.
 */

const headerOctets = 32;
const frameHeaderOctets = 24;
const bigEndian = 0x377f0683;
const littleEndian = 0x377f0682;

type Sum = readonly [number, number];

interface Log {
  readonly octets: Buffer;
  readonly isBig: boolean;
  readonly pageSize: number;
}

/**
 * Whether the log has lost commits that were acknowledged. Call this only while no process has the database
 * open. Each commit is synced before the next one begins, so only the last commit may be incomplete. Damage
 * in the last commit looks like an incomplete commit and is not reported.
 * @param path path of the log; the file may be missing
 */
export function isLogDamaged(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < headerOctets) return false;
  const octets = readFileSync(path);
  // A header of zeros: the power failed before SQLite wrote it.
  if (octets.subarray(0, headerOctets).every((octet) => octet === 0)) return false;
  const magic = octets.readUInt32BE(0);
  const log = { octets, isBig: magic === bigEndian, pageSize: octets.readUInt32BE(8) };
  const sum = sumOver(log, 0, 24, [0, 0]);
  const isSound = magic === bigEndian || magic === littleEndian;
  if (!isSound || !isSum(octets, 24, sum)) return true;
  return hasHole(log, sum);
}

/** Whether complete commits follow the first damaged frame. */
function hasHole(log: Log, start: Sum): boolean {
  const { octets, pageSize } = log;
  const step = frameHeaderOctets + pageSize;
  const isOfThisLog = (at: number): boolean => octets.compare(octets, 16, 24, at + 8, at + 16) === 0;
  const endsCommit = (at: number): boolean => octets.readUInt32BE(at + 4) !== 0;
  let sum = start;
  let at = headerOctets;
  for (; at + step <= octets.length && isOfThisLog(at); at += step) {
    sum = sumOver(log, at + frameHeaderOctets, pageSize, sumOver(log, at, 8, sum));
    if (!isSum(octets, at + 16, sum)) break;
  }
  if (at + step > octets.length) return false;
  let commits = 0;
  for (let next = at + step; next + step <= octets.length; next += step)
    if (isOfThisLog(next) && endsCommit(next)) commits += 1;
  // The damaged frame may belong to the first complete commit that follows. If no other commit follows, that
  // one is the last, and it may be incomplete, which is not damage.
  return commits > (endsCommit(at) && isOfThisLog(at) ? 0 : 1);
}

/**
 * Computes SQLite's checksum over a part of the log, starting from the checksum `start`. Adds 32-bit words in
 * pairs.
 */
function sumOver({ octets, isBig }: Log, from: number, length: number, start: Sum): Sum {
  let [first, second] = start;
  for (let at = from; at < from + length; at += 8) {
    const [a, b] = isBig
      ? [octets.readUInt32BE(at), octets.readUInt32BE(at + 4)]
      : [octets.readUInt32LE(at), octets.readUInt32LE(at + 4)];
    first = (first + a + second) >>> 0;
    second = (second + b + first) >>> 0;
  }
  return [first, second];
}

function isSum(octets: Buffer, at: number, [first, second]: Sum): boolean {
  return octets.readUInt32BE(at) === first && octets.readUInt32BE(at + 4) === second;
}
