import type { Operation } from '../../../core/operation.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation } from '../../journal-contract.ts';
import { zone } from '../arrival.ts';
import type { Side } from '../world.ts';

/** An operation as a wrong engine might journal it. */
export function operation(facts: Partial<Operation>): Operation {
  return sampleOperation('wrong', { zone, fingerprint: '', items: [], added: [], problems: [], ...facts });
}

/** One item that is written at the central. */
export function sent(remove: ResourceRecord | null, add: ResourceRecord | null): Operation['items'] {
  return [{ remove, add, mirrored: true, note: null }];
}

/** Laws that were broken on the way, each once. */
export function brokenAt({ judgement }: Side): string[] {
  return [...new Set(judgement.violations.map(({ law }) => law))].sort();
}
