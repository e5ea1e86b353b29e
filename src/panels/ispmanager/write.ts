import { randomUUID } from 'node:crypto';
import type { DnsName } from '../../dns/name.ts';
import { rdataFields, rdataFromFields } from '../../dns/rdata/rdata.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type PanelRecord } from '../../core/panel.ts';
import type { Cells } from '../../net/ispmanager/record-dialect.ts';
import { callPanel, formOf, type HiddenArguments, type LocalTool } from './api.ts';
import { zoneParameter } from '../../net/ispmanager/names.ts';
import type { PanelDialect } from './dialect.ts';
import { echoParameter } from './hook.ts';

/** The environment variable in which the tool gets the echo token. */
const echoVariable = 'DOMAINSYNC_ECHO';

/**
 * Calls a function of the panel that saves or deletes.
 * @param harmless the refusal that means that nothing is left to do (docs/protocol.md#errors-4); null: every
 *   refusal is an error
 * @throws {PanelError}
 */
type Save = (parameters: Cells, harmless: 'exists' | 'missing' | null) => Promise<void>;

/**
 * Makes domainsync's own writes into the panel, with the panel's command-line tool. The panel then calls our
 * hook. These hook calls contain an echo token (docs/architecture.md#the-way-of-one-edit).
 */
export class PanelWriter {
  readonly #tool: LocalTool;
  readonly #dialect: PanelDialect;
  /**
   * Whether the echo token is passed in the tool's environment. Becomes false if the tool cannot read values
   * from its environment.
   */
  #hides: boolean;

  constructor(tool: LocalTool, dialect: PanelDialect) {
    this.#tool = tool;
    this.#dialect = dialect;
    this.#hides = dialect.secretArgument !== null;
  }

  /** Does what `Panel.write` describes. @throws {PanelError} */
  async write(
    change: Change,
    present: readonly PanelRecord[],
    echo: string,
    ctx: CallContext,
  ): Promise<void> {
    const { records } = this.#dialect;
    const save = this.#saver(echo, ctx);
    const retimed = new Set(change.add.map(recordId));
    const plid = zoneParameter(change.zone);
    for (const record of change.remove) {
      if (retimed.has(recordId(record))) continue;
      const rows = present.filter((one) => recordId(one) === recordId(record));
      for (const elid of new Set(rows.map(({ key }) => key))) await this.#remove(record, plid, elid, save);
    }
    for (const record of change.add) {
      const there = present.find((one) => recordId(one) === recordId(record));
      if (there !== undefined && !otherTtl(there, record)) continue;
      const elid = there?.key ?? '';
      const form = formOf(record, records);
      await save({ func: records.recordEdit, plid, elid, ...form, sok: 'ok' }, 'exists');
    }
  }

  /**
   * Deletes the zone, but not the WWW and mail domains of that name, because it does not send `webdomain` and
   * `maildomain` (docs/protocol.md#zone-form-4, #dnsmanager).
   * @throws {PanelError}
   */
  async deleteZone(zone: DnsName, echo: string, ctx: CallContext): Promise<void> {
    const save = this.#saver(echo, ctx);
    await save({ func: 'domain.delete', elid: zoneParameter(zone), sok: 'ok' }, 'missing');
  }

  /**
   * Removes a record. The panel may read the key of a TXT record with commas as a list of keys, so that a
   * delete could hit other records. So the record form, which takes a single key
   * (docs/protocol.md#record-form-5), first gives the record a text without a comma.
   */
  async #remove(record: ResourceRecord, plid: string, elid: string, save: Save): Promise<void> {
    const { records } = this.#dialect;
    const [text = ''] = record.type === 'TXT' ? rdataFields('TXT', record.rdata) : [];
    let key = elid;
    if (elid.includes(',') && text !== '' && elid.endsWith(text)) {
      const interim = `domainsync removes this record ${randomUUID()}`;
      const form = formOf({ ...record, rdata: rdataFromFields('TXT', [interim]) }, records);
      key = `${elid.slice(0, -text.length)}${interim}`;
      await save({ func: records.recordEdit, plid, elid, ...form, sok: 'ok' }, null);
    }
    const harmless = key === elid ? 'missing' : null;
    await save({ func: records.recordDelete, plid, elid: key, sok: 'ok' }, harmless);
  }

  #saver(echo: string, ctx: CallContext): Save {
    return async (parameters, harmless) => {
      const hidden = this.#hidden(echo);
      const shown: Cells = hidden === null ? { [echoParameter]: echo } : {};
      try {
        const answer = await callPanel(this.#tool, { ...parameters, ...shown }, ctx, hidden ?? undefined);
        if (answer.kind === 'refused' && answer.refusal.kind !== harmless)
          throw new PanelError('panel.refused', { text: answer.refusal.text });
      } catch (error) {
        // A tool that does not know the option prints a help text. The caller tries the write again, then
        // without the option.
        if (error instanceof PanelError && error.code === 'panel.garbled') this.#hides = false;
        throw error;
      }
    };
  }

  #hidden(echo: string): HiddenArguments | null {
    const { secretArgument } = this.#dialect;
    if (!this.#hides || secretArgument === null) return null;
    return { words: secretArgument(echoParameter, echoVariable), environment: { [echoVariable]: echo } };
  }
}
