import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CentralError } from '../../../core/central.ts';
import { parseName } from '../../../dns/name.ts';
import { quietContext } from '../../quiet-context.ts';
import { makeZone, Bench, type ContractSubject } from './zone-bench.ts';
import { changeCases } from './changes.ts';
import { conditionalCases } from './conditional.ts';
import { faultCases } from './faults.ts';
import { foreignCases } from './foreign.ts';
import { loadCases } from './load.ts';
import { readCases } from './reads.ts';
import { rrsetCases } from './rrsets.ts';
import { signingCases } from './signing.ts';
import { otherWriterCases } from './other-writers.ts';
import { valueCases } from './values.ts';
import { zoneCases } from './zones.ts';

/**
 * Tests the behaviour that every {@link Central} must have. After each write, the same change is applied
 * again, and must then do nothing. The result is checked without the adapter.
 * @param makeSubject called once; each test works in a zone of its own
 */
export function centralContract(name: string, makeSubject: () => Promise<ContractSubject>): void {
  describe(`central contract: ${name}`, () => {
    let subject: ContractSubject;
    let zones = 0;
    before(async () => {
      subject = await makeSubject();
    });
    after(async () => {
      await subject.stop();
    });
    const bench = async (): Promise<Bench> => {
      zones += 1;
      const zone = parseName(`zone${zones}.example.`);
      await makeZone(subject, zone);
      return new Bench(subject, zone);
    };
    readCases(() => subject, bench);
    zoneCases(() => subject);
    signingCases(() => subject);
    foreignCases(() => subject);
    rrsetCases(bench);
    changeCases(bench);
    valueCases(bench);
    otherWriterCases(bench);
    conditionalCases(bench);
    loadCases(() => subject, bench);
    faultCases(() => subject, bench);
    it('refuses every call once closed', async () => {
      const own = subject.central;
      await own.close();
      await assert.rejects(own.listZones([], quietContext()), CentralError);
      await assert.rejects(own.readZone(parseName('example.org.'), [], quietContext()), CentralError);
    });
  });
}
