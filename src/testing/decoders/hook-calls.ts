import type { HookCall, KnownRecord } from '../../core/panel.ts';
import { zoneName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import type { PanelDialect } from '../../panels/ispmanager/dialect.ts';
import { decode } from '../../panels/ispmanager/hook.ts';

const zone = zoneName('example.org');
const long = makeRecord({ name: 'long', type: 'TXT', rdata: `"${'x TXT  a, '.repeat(800)}a"` }, zone);

/** Two known records of a zone. The text of one of them looks like a list of keys. */
function knownIn(records: RecordDialect): readonly KnownRecord[] {
  const short = makeRecord({ name: 'x', type: 'TXT', rdata: '"a"' }, zone);
  return [long, short].map((record) => ({ key: records.likelyKeys(record, zone).at(-1) ?? null, record }));
}

/**
 * Decodes a hook call as the agent does, and finds out which edits it makes, as if the ledger had the two
 * records of `knownIn`.
 * @returns the event. For a call with edits: what each edit means, or the zone that it creates or deletes
 */
export function judge(call: HookCall, dialect: PanelDialect): unknown {
  const event = decode(call, dialect);
  if (event.kind !== 'edits') return event;
  return event.edits.map((edit) =>
    edit.kind === 'records' ? edit.resolve(knownIn(dialect.records)) : edit.zone,
  );
}

/** Parameters of a call, by name. */
export type Fields = Readonly<Record<string, string>>;

/** Makes a hook call of ISPmanager 4, with its parameters in the body. */
export function cgiCall(fields: Fields, stage = 'before'): HookCall {
  const body = Buffer.from(new URLSearchParams({ sok: 'ok', ...fields }).toString());
  const type = 'application/x-www-form-urlencoded';
  return { environment: { HANDLER_STAGE: stage, REQUEST_METHOD: 'POST', CONTENT_TYPE: type }, body };
}

/** Makes a hook call of ISPmanager 6, with its parameters in the environment. */
export function environmentCall(fields: Fields, stage: 'before' | 'after' = 'before'): HookCall {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries({ sok: 'ok', ...fields }))
    environment[`PARAM_${name}`] = Buffer.from(value, 'utf8').toString('latin1');
  return { environment, body: Buffer.alloc(0), stage };
}
