import type { DnsName } from '../../dns/name.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type OwnerList } from '../../core/panel.ts';
import type { ForeignAccount } from '../../core/panel-hand.ts';
import { child, childrenNamed, childText, type XmlElement } from '../../net/xml.ts';
import { acceptedDocument, callPanel, type LocalTool } from './api.ts';
import { zoneOf as namedZone, zoneParameter } from '../../net/ispmanager/names.ts';
import { refuseCut } from './lists.ts';

type Accounts = OwnerList['zones'] extends ReadonlyMap<DnsName, infer A> ? A : never;

/**
 * Finds the owner of each zone (docs/protocol.md#owners). If the list of zones has no column for it, the
 * list is read once as each account (`su`, docs/protocol.md#parameters).
 * @throws {PanelError}
 */
export async function readOwners(tool: LocalTool, ctx: CallContext): Promise<OwnerList> {
  const rows = await list(tool, { func: 'domain' }, ctx);
  const zones = new Map<DnsName, Accounts>();
  for (const row of rows) {
    const zone = zoneOf(row);
    if (zone !== null) zones.set(zone, null);
  }
  if (zones.size === 0) return { way: 'column', zones };
  const accounts = await listAccounts(tool, ctx);
  if (rows.some((row) => ownerIn(row) !== null)) return byColumn(rows, accounts ?? [], zones);
  if (accounts === null || !(await becomes(tool, accounts, ctx))) return { way: 'none', zones };
  return await asEachAccount(tool, accounts, zones, ctx);
}

/**
 * Finds an account without a right to `zone`. Neither the account's own list nor the owner column gives the
 * zone to it, and `whoami`, if there is one, confirms that `su` works. The account may edit records in a
 * zone of its own. So a refusal for `zone` is about that zone only.
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
  const row = (await list(tool, { func: 'domain' }, ctx)).find((one) => zoneOf(one) === zone);
  if (row === undefined) throw new PanelError('panel.garbled', { text: `no domain ${zone} in the list` });
  const accounts = await listAccounts(tool, ctx);
  if (accounts?.length === 0) return { kind: 'no-accounts' };
  const others = (accounts ?? []).filter(({ name }) => name !== ownerIn(row));
  for (const { name: su } of others.slice(0, mostTried)) {
    const seen = await callPanel(tool, { func: 'domain', su }, ctx);
    if (seen.kind === 'refused') continue;
    refuseCut(seen.document);
    const zones = rowsOf(seen.document).flatMap((one) => zoneOf(one) ?? []);
    const [own] = zones;
    if (own === undefined || zones.includes(zone) || (await whoIs(tool, su, ctx)) === 'another') continue;
    const form = await callPanel(tool, { func: recordForm, plid: zoneParameter(own), elid: '', su }, ctx);
    if (form.kind === 'document') return { kind: 'account', name: su };
  }
  return { kind: 'none' };
}

/** Maximum number of accounts that are tried. */
const mostTried = 20;

/** An account below the administrators, and the account above it; null: none is listed. */
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
    const zone = zoneOf(row);
    const owner = ownerIn(row);
    if (zone === null || owner === null) continue;
    const reseller = above.get(owner) ?? null;
    zones.set(zone, reseller === null ? [owner] : [owner, reseller]);
  }
  return { way: 'column', zones };
}

async function asEachAccount(
  tool: LocalTool,
  accounts: readonly Account[],
  zones: Map<DnsName, Accounts>,
  ctx: CallContext,
): Promise<OwnerList> {
  const seen = new Map<DnsName, string[]>();
  for (const { name } of accounts) {
    const answer = await callPanel(tool, { func: 'domain', su: name }, ctx);
    // An account may be deleted while the others are read.
    if (answer.kind === 'refused') continue;
    refuseCut(answer.document);
    for (const row of rowsOf(answer.document)) {
      const zone = zoneOf(row);
      if (zone !== null) seen.set(zone, [...(seen.get(zone) ?? []), name]);
    }
  }
  for (const zone of zones.keys()) zones.set(zone, ownersAmong(seen.get(zone) ?? [], accounts));
  return { way: 'each-account', zones };
}

/**
 * The owner of a zone and his reseller, among the accounts that see the zone. Null if more accounts see it,
 * because then the panel may show it to everybody.
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
 * Whether the panel answers a call as another account. A panel that ignores `su` would show every zone to
 * every account.
 */
async function becomes(tool: LocalTool, accounts: readonly Account[], ctx: CallContext): Promise<boolean> {
  const [first] = accounts;
  // Without accounts below the administrators, none of them can own a zone.
  if (first === undefined) return true;
  return (await whoIs(tool, first.name, ctx)) === 'he';
}

/** As whom the panel answers a call for an account: `he` (the account), `another`, or unknown. */
async function whoIs(
  tool: LocalTool,
  account: string,
  ctx: CallContext,
): Promise<'he' | 'another' | 'not-reported'> {
  const answer = await callPanel(tool, { func: 'whoami', su: account }, ctx);
  if (answer.kind === 'refused') return 'not-reported';
  return child(answer.document, 'user')?.attributes['name'] === account ? 'he' : 'another';
}

/** The accounts that the panel lists; null if it has no such list. */
async function listAccounts(tool: LocalTool, ctx: CallContext): Promise<readonly Account[] | null> {
  const accounts: Account[] = [];
  let isListed = false;
  for (const func of ['user', 'reseller']) {
    const answer = await callPanel(tool, { func }, ctx);
    if (answer.kind === 'refused') continue;
    isListed ||= func === 'user';
    refuseCut(answer.document);
    for (const row of rowsOf(answer.document)) {
      const name = childText(row, 'name')?.trim() ?? '';
      const above = columnOf(row, ['owner', 'parent']);
      if (name !== '' && !accounts.some((one) => one.name === name)) accounts.push({ name, above });
    }
  }
  return isListed ? accounts : null;
}

async function list(
  tool: LocalTool,
  parameters: Readonly<Record<string, string>>,
  ctx: CallContext,
): Promise<readonly XmlElement[]> {
  const document = acceptedDocument(await callPanel(tool, parameters, ctx));
  refuseCut(document);
  return rowsOf(document);
}

/** The rows of a list, which may show that it is empty by one empty row (docs/protocol.md#documents). */
function rowsOf(document: XmlElement): XmlElement[] {
  return childrenNamed(document, 'elem').filter((row) => row.children.length > 0);
}

function ownerIn(row: XmlElement): string | null {
  return columnOf(row, ['user', 'owner']);
}

function columnOf(row: XmlElement, names: readonly string[]): string | null {
  for (const name of names) {
    const text = childText(row, name)?.trim() ?? '';
    if (text !== '') return text;
  }
  return null;
}

/** The zone of a row; null if its name cannot be read. No edit in such a zone can be read either. */
function zoneOf(row: XmlElement): DnsName | null {
  return namedZone(childText(row, 'name') ?? '');
}
