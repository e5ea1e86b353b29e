import { parseName, type DnsName } from '../../dns/name.ts';
import { DnsDataError, type Problem } from '../../dns/problem.ts';
import { numberOfType, typeOfNumber } from '../../dns/rdata/types.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import type { Expectation } from '../../core/central.ts';
import type { ApiExpectation, ApiRecord } from './schemas.ts';

/** The form of a record in the API. */
export function toWire({ name, type, ttl, rdata }: ResourceRecord): ApiRecord {
  return { name, type, ttl, data: rdata };
}

/** Reads a record of the API. Its names must be absolute. @throws {DnsDataError} with every problem */
export function fromWire({ name, type, ttl, data }: ApiRecord): ResourceRecord {
  return makeRecord({ name, type, ttl, rdata: data });
}

/**
 * With so many problems no further record is read. One name can have a thousand problems, and so a body of
 * 4 MB millions. All other requests would wait while it is read.
 */
const manyProblems = 100;

/**
 * Reads records of the API.
 * @throws {DnsDataError} with the problems of all records, up to the record that makes them
 *   {@link manyProblems}
 */
export function allFromWire(written: readonly ApiRecord[]): readonly ResourceRecord[] {
  const problems: Problem[] = [];
  const read: ResourceRecord[] = [];
  for (const one of written) {
    try {
      read.push(fromWire(one));
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      problems.push(...error.problems);
      if (problems.length >= manyProblems) break;
    }
  }
  if (problems.length > 0) throw new DnsDataError(problems);
  return read;
}

/** Reads an absolute name, with or without the final dot. @throws {DnsDataError} */
export function absoluteName(text: string): DnsName {
  return parseName(text.endsWith('.') ? text : `${text}.`);
}

/** The form of an expectation in the API. */
export function expectationToWire({ names, types, records }: Expectation): ApiExpectation {
  return { names: [...names], types: types === null ? null : [...types], records: records.map(toWire) };
}

/** Reads an expectation of the API. Names must be absolute. @throws {DnsDataError} */
export function expectationFromWire({ names, types, records }: ApiExpectation): Expectation {
  return {
    names: new Set(names.map(absoluteName)),
    types: types === null ? null : new Set(types.map((type) => typeOfNumber(numberOfType(type)))),
    records: allFromWire(records),
  };
}
