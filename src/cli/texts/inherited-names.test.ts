/**
 * Issue 11.6: tests words from outside that are names of properties which every object inherits, such as
 * `constructor`. Every lookup has to treat them like any other word.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ispmanagerKinds } from '../../net/ispmanager/kinds.ts';
import { noteText } from './notes.ts';
import { moodOfState } from './states.ts';
import { describeProblem } from '../../core/describe.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { parseName } from '../../dns/name.ts';
import { own } from '../../dns/own.ts';
import { parseRdata } from '../../dns/rdata/rdata.ts';
import { ispmanager5Records, recordFromIspmanager5Row } from '../../net/ispmanager/ispmanager5-records.ts';
import { refusalOf } from '../../net/ispmanager/errors.ts';
import { parseXml } from '../../testing/parse-xml.ts';
import { createIspmanagerPanel } from '../../panels/ispmanager/index.ts';

const zone = parseName('example.org.');
const words = [...Object.getOwnPropertyNames(Object.prototype), '__PROTO__', 'CONSTRUCTOR'];

function code(call: () => unknown): string {
  try {
    call();
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof DnsDataError, String(error));
    return error.problems[0]?.code ?? '';
  }
}

describe('issue 11.6: inherited names', () => {
  it('are in no table', () => {
    for (const word of words) assert.equal(own({}, word), undefined, word);
    assert.equal(own({ ['constructor']: 1 }, 'constructor'), 1);
  });

  for (const word of words) {
    it(word, () => {
      const refusal = refusalOf(parseXml(`<doc><error type="${word}" code="${word}" object="x"/></doc>`));
      assert.equal(refusal?.kind, 'other');
      assert.equal(refusalOf(parseXml(`<doc><error code="${word}"/></doc>`))?.kind, 'other');
      assert.equal(noteText(word), word);
      assert.equal(moodOfState(word), 'plain');
      assert.equal(describeProblem({ code: word, params: {} }, 'en'), word);
      // Here the word stands for a record type. Then it stands for a number that may also be given by a name,
      // such as the algorithm of a DS.
      const row = { name: 'a.example.org.', ttl: '60', rtype: word, value: 'x' };
      assert.notEqual(
        code(() => recordFromIspmanager5Row(row, '', zone)),
        'taken',
      );
      assert.notEqual(
        code(() => ispmanager5Records.fromForm(row, zone)),
        'taken',
      );
      code(() => ispmanager5Records.fromKey(`a.example.org. ${word}  x`, zone));
      assert.notEqual(
        code(() => parseRdata('DS', `1 ${word} 2 00`)),
        'taken',
      );
      assert.notEqual(
        code(() => parseRdata('TLSA', `1 1 ${word} 00`)),
        'taken',
      );
      const params = { [word]: 'x' };
      assert.equal(describeProblem({ code: 'central.refused', params }, 'en').includes('function'), false);
      for (const kind of ispmanagerKinds) {
        const panel = createIspmanagerPanel({ root: '/nonexistent', kind });
        const environment = {
          HANDLER_STAGE: 'before',
          PARAM_func: word,
          PARAM_sok: 'ok',
          QUERY_STRING: `func=${word}&sok=ok&${word}=1`,
          [`PARAM_${word}`]: '1',
        };
        const event = panel.decode({ environment, body: new Uint8Array(), stage: 'before' });
        assert.deepEqual(event, { kind: 'ignore' });
      }
    });
  }
});
