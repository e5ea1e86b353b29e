import type { DnsName } from '../../dns/name.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type OwnerList } from '../../core/panel.ts';
import type { ForeignAccount } from '../../core/panel-hand.ts';
import { zoneOf, zoneParameter } from '../../net/ispmanager/names.ts';
import type { Cells } from '../../net/ispmanager/record-dialect.ts';
import { child, childText, type XmlElement } from '../../net/xml.ts';
import { acceptedDocument, callPanel, type LocalTool, type ToolAnswer } from './api.ts';
import { rowsOf } from './lists.ts';

type Accounts = OwnerList['zones'] extends ReadonlyMap<DnsName, infer A> ? A : never;

/** Calls one function of the panel. @throws {PanelError} */
type Ask = (func: string, parameters?: Cells) => Promise<ToolAnswer>;

function asking(tool: LocalTool, ctx: CallContext): Ask {
  return async (func, parameters = {}) => await callPanel(tool, { func, ...parameters }, ctx);
}

/**
 * Finds the owner of each zone (docs/protocol.md#owners). If the list of zones has no column for the owner,
 * the list is read once as each account (`su`, docs/protocol.md#parameters).
 * @throws {PanelError}
 */
export async function readOwners(tool: LocalTool, ctx: CallContext): Promise<OwnerList> {
  const ask = asking(tool, ctx);
  const rows = rowsOf(acceptedDocument(await ask('domain')));
  const zones = new Map<DnsName, Accounts>(zonesIn(rows).map((zone) => [zone, null]));
  if (zones.size === 0) return { way: 'column', zones };
  const accounts = await listAccounts(ask);
  if (rows.some((row) => ownerIn(row) !== null)) return byColumn(rows, accounts ?? [], zones);
  if (accounts === null || !(await becomes(ask, accounts))) return { way: 'none', zones };
  return await asEachAccount(ask, accounts, zones);
}

/**
 * Finds an account that can edit records in its own zone but has no right to `zone`. So if the panel refuses
 * this account's edit in `zone`, the reason is not that the account can edit nothing. Neither the account's
 * own list nor the owner column shows it as the owner of `zone`. If the panel has `whoami`, its answer must
 * confirm that `su` works for the account.
 * @param recordForm the function that opens the form of a record
 * @param zone a zone in the administrator's list
 * @throws {PanelError}
 */
export async function foreignAccountTo(
  tool: LocalTool,
  recordForm: string,
  zone: DnsName,
  ctx: CallContext,
): Promise<ForeignAccount> {
  const ask = asking(tool, ctx);
  const rows = rowsOf(acceptedDocument(await ask('domain')));
  const row = rows.find((one) => zoneIn(one) === zone);
  if (row === undefined) throw new PanelError('panel.garbled', { text: `no domain ${zone} in the list` });
  const accounts = await listAccounts(ask);
  if (accounts?.length === 0) return { kind: 'no-accounts' };
  const others = (accounts ?? []).filter(({ name }) => name !== ownerIn(row));
  for (const { name: su } of others.slice(0, mostTried)) {
    const zones = (await zonesSeenBy(su, ask)) ?? [];
    const [own] = zones;
    if (own === undefined || zones.includes(zone) || (await whoIs(ask, su)) === 'another') continue;
    const form = await ask(recordForm, { plid: zoneParameter(own), elid: '', su });
    if (form.kind === 'document') return { kind: 'account', name: su };
  }
  return { kind: 'none' };
}

/** Maximum number of accounts that are tried. */
const mostTried = 20;

/**
 * An account below the level of administrators. `above`: the account to which it belongs; null: the panel
 * lists none.
 */
interface Account {
  readonly name: string;
  readonly above: string | null;
}

function byColumn(
  rows: readonly XmlElement[],
  accounts: readonly Account[],
  zones: Map<DnsName, Accounts>,
): OwnerList {
  const above = new Map(accounts.map((account) => [account.name, account.above]));
  for (const row of rows) {
    const zone = zoneIn(row);
    const owner = ownerIn(row);
    if (zone === null || owner === null) continue;
    const reseller = above.get(owner) ?? null;
    zones.set(zone, reseller === null ? [owner] : [owner, reseller]);
  }
  return { way: 'column', zones };
}

async function asEachAccount(
  ask: Ask,
  accounts: readonly Account[],
  zones: Map<DnsName, Accounts>,
): Promise<OwnerList> {
  const seen = new Map<DnsName, string[]>();
  for (const { name } of accounts) {
    // While the lists of other accounts are read, an account may be deleted. Then the panel refuses to list
    // the zones of that account.
    for (const zone of (await zonesSeenBy(name, ask)) ?? [])
      seen.set(zone, [...(seen.get(zone) ?? []), name]);
  }
  for (const zone of zones.keys()) zones.set(zone, ownersAmong(seen.get(zone) ?? [], accounts));
  return { way: 'each-account', zones };
}

/** The zones in the list that the panel shows to an account; null if the panel refuses the list. */
async function zonesSeenBy(su: string, ask: Ask): Promise<readonly DnsName[] | null> {
  const answer = await ask('domain', { su });
  return answer.kind === 'refused' ? null : zonesIn(rowsOf(answer.document));
}

/**
 * Finds the owner of a zone and the owner's reseller among the accounts that see the zone. Null: more
 * accounts see the zone, so the panel may show it to everybody.
 */
function ownersAmong(names: readonly string[], accounts: readonly Account[]): Accounts {
  const isAbove = (name: string): boolean =>
    accounts.some(
      (account) => account.name !== name && names.includes(account.name) && account.above === name,
    );
  const owners = names.filter((name) => !isAbove(name));
  return owners.length === 1 && names.length <= 2 ? [...owners, ...names.filter(isAbove)] : null;
}

/**
 * Whether the panel really runs a call with `su` as the other account. If it ignored `su`, it would show
 * every zone to every account.
 */
async function becomes(ask: Ask, accounts: readonly Account[]): Promise<boolean> {
  const [first] = accounts;
  // If no account below the administrators exists, no such account can own a zone.
  if (first === undefined) return true;
  return (await whoIs(ask, first.name)) === 'he';
}

/**
 * The account as which the panel runs a call with `su`: `he` (the given account), `another`, or
 * `not-reported`.
 */
async function whoIs(ask: Ask, account: string): Promise<'he' | 'another' | 'not-reported'> {
  const answer = await ask('whoami', { su: account });
  if (answer.kind === 'refused') return 'not-reported';
  return child(answer.document, 'user')?.attributes['name'] === account ? 'he' : 'another';
}

/** The accounts that the panel lists; null if it has no such list. */
async function listAccounts(ask: Ask): Promise<readonly Account[] | null> {
  const accounts: Account[] = [];
  let isListed = false;
  for (const func of ['user', 'reseller']) {
    const answer = await ask(func);
    if (answer.kind === 'refused') continue;
    isListed ||= func === 'user';
    for (const row of rowsOf(answer.document)) {
      const name = childText(row, 'name')?.trim() ?? '';
      const above = columnOf(row, ['owner', 'parent']);
      if (name !== '' && !accounts.some((one) => one.name === name)) accounts.push({ name, above });
    }
  }
  return isListed ? accounts : null;
}

function ownerIn(row: XmlElement): string | null {
  return columnOf(row, ['user', 'owner']);
}

function columnOf(row: XmlElement, names: readonly string[]): string | null {
  return names.map((name) => childText(row, name)?.trim() ?? '').find((text) => text !== '') ?? null;
}

/** The zone of a row; null if its name cannot be parsed. Edits in such a zone cannot be parsed either. */
function zoneIn(row: XmlElement): DnsName | null {
  return zoneOf(childText(row, 'name') ?? '');
}

function zonesIn(rows: readonly XmlElement[]): readonly DnsName[] {
  return rows.flatMap((row) => zoneIn(row) ?? []);
}
