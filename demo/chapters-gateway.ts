/** Chapters about a provider's gateway: customers, tokens, owners of zones, the audit. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import * as v from 'valibot';
import type { GatewayToken } from '../src/testing/servers/gateway-process.ts';
import { zoneName } from '../src/dns/name.ts';
import { formatZoneFile } from '../src/dns/zone-file.ts';
import type { GatewayCustomer, GatewayStage } from '../src/testing/stage/gateway-stage.ts';
import { makeDomain, type StageDomain } from '../src/testing/stage/make-domain.ts';
import { address, holds, holdsName } from '../src/testing/stage/panel-words.ts';
import { until } from '../src/testing/stage/stage.ts';
import { edit } from './chapters-adoption.ts';
import { check, print, printChapter, quote } from './print.ts';
import { seenNow, watched } from './show-dig.ts';
import { readZones } from './zones.ts';

/** A domain that PowerDNS has from the begin. It belongs to the first customer, and later to the second. */
const moved = 'oakbridge-cricket.example';
/** A domain that the second customer makes in his panel. */
const made = 'bakery-sonnenschein.example';
/** A zone of the provider himself, which no customer owns. */
const ofProvider = 'provider.example';

const [www, shop] = [address('api', '192.0.2.100'), address('shop', '192.0.2.101')];

/** The tokens of both panels. */
export interface PanelTokens {
  readonly first: GatewayToken;
  readonly second: GatewayToken;
}

/** Makes the tokens, gives the first customer his zone, and installs the plugin in both panels. */
export async function setUpCustomers(stage: GatewayStage): Promise<PanelTokens> {
  printChapter('Two customers get a token each; the key of the name server stays with the provider');
  const { first, second, provider } = stage;
  const domain = domainOf(moved);
  const records = formatZoneFile(zoneName(moved), domain.records);
  await provider.ours([{ zone: zoneName(moved), records }, { zone: zoneName(ofProvider) }]);
  await makeDomain(first.panel, first.atPanel, domain);
  const tokens: GatewayToken[] = [];
  for (const { id } of [first, second]) {
    print(`$ domainsync gateway customer add ${id}`);
    tokens.push(await addToken(stage, id, `panel of ${id}`));
  }
  print(await operator(stage, 'zone', 'assign', moved, first.id));
  const [one, other] = tokens;
  if (one === undefined || other === undefined) throw new Error('two tokens were made');
  await start(first, one);
  await start(second, other);
  const zone = await first.domainsync('zone', moved);
  check(`the panel of ${first.id} and the name server agree about ${moved}`, /synced/u.test(zone), zone);
  return { first: one, second: other };
}

function domainOf(zone: string): StageDomain {
  const domain = readZones().find(({ name }) => name === zone);
  if (domain === undefined) throw new Error(`demo/zones has no ${zone}`);
  return domain;
}

/** Installs the plugin and enters the token. The edit is refused by the panel, but starts the agent. */
async function start(customer: GatewayCustomer, { token }: GatewayToken): Promise<void> {
  await customer.install();
  customer.configure(token);
  await customer.atPanel.save(moved, address('', ''));
  await customer.ready();
}

/** Makes a token that is accepted from the address of the panels only. */
async function addToken({ gateway }: GatewayStage, id: string, label: string): Promise<GatewayToken> {
  print(`$ domainsync gateway token add ${id} --from 127.0.0.1 --label "${label}"`);
  const token = await gateway.makeToken(id, '--from', '127.0.0.1', '--label', label);
  print(shown(token));
  return token;
}

/** The token as a person may see it in a demo: without its secret. */
function shown({ id }: GatewayToken): string {
  return `dsg_${id}_...`;
}

/** Runs a command of the operator. @returns the command as typed, and what it printed */
async function operator({ gateway }: GatewayStage, ...words: readonly string[]): Promise<string> {
  const said = await gateway.operator(...words);
  return `$ domainsync gateway ${words.join(' ')}\n${said.trimEnd()}`;
}

const requestLine = v.looseObject({ event: v.literal('request'), customer: v.string(), route: v.string() });

export async function editsAtBoth(stage: GatewayStage): Promise<void> {
  printChapter('An edit in each panel is at the name server at the same moment');
  const { first, second, gateway } = stage;
  await settled(first);
  const from = gateway.lines.length;
  await edit(first, moved, www);
  await seen(stage, moved, www.name, '192.0.2.100', `an edit of ${first.id}`);
  const requests = await requestsOf(stage, first, from);
  print('What the gateway has logged of it:');
  for (const line of requests) print(JSON.stringify(line));
  check(
    `the edit was one request at the gateway, and ${first.id} is named in it`,
    requests.length === 1,
    requests,
  );
  if (!stage.provider.makesZones) await providerMakes(stage);
  const created = await second.atPanel.makeZone(made);
  check(`${second.id} makes the domain ${made} in his panel`, created.ok, created.error);
  await seen(stage, made, 'www', '192.0.2.80', 'its content');
  await settled(second);
  await edit(second, made, shop);
  await seen(stage, made, shop.name, '192.0.2.101', `an edit of ${second.id}`);
  const zones = await gateway.operator('zone', 'list', second.id);
  check(`the zone belongs to ${second.id}`, zones.trim() === made, zones);
}

/** At BIND and Knot only the provider makes zones, also behind a gateway. */
async function providerMakes(stage: GatewayStage): Promise<void> {
  const { second, provider } = stage;
  const early = await second.atPanel.makeZone(made);
  quote(early.error?.text ?? early.body);
  check(`${second.id} cannot make ${made}: only the provider can`, !early.ok, early.body);
  await provider.ours([{ zone: zoneName(made) }]);
  print(`(the provider makes ${made} at his name server)`);
  print(await operator(stage, 'zone', 'assign', made, second.id));
}

/** The requests of a customer up to the change, from this line of the gateway's log on. */
async function requestsOf(
  { gateway }: GatewayStage,
  { id }: GatewayCustomer,
  from: number,
): Promise<readonly v.InferOutput<typeof requestLine>[]> {
  const isChange = ({ route }: { readonly route: string }): boolean => route.endsWith('/changes');
  const all = (): v.InferOutput<typeof requestLine>[] =>
    gateway.lines
      .slice(from)
      .filter((line) => v.is(requestLine, line))
      .filter(({ customer }) => customer === id);
  await until('the change to be logged', () => all().some(isChange));
  return all().slice(0, all().findIndex(isChange) + 1);
}

export async function foreignZone(stage: GatewayStage): Promise<void> {
  printChapter('A zone of somebody else is refused, and the panel does not make it either');
  const { second, provider } = stage;
  const below = `news.${moved}`;
  const unowned = provider.makesZones ? /belongs to another account/u : /\[zone\.[\w-]+\]$/u;
  for (const [zone, whose, lang, words] of [
    [moved, 'of the other customer', 'en', /^The domain .* belongs to another account/mu],
    [moved, 'of the other customer, for a Russian user', 'ru', /принадлежит другой учётной записи/u],
    [below, 'below it', 'en', /belongs to another account/u],
    [ofProvider, 'of the provider', 'en', unowned],
  ] as const) {
    const answer = await second.atPanel.makeZone(zone, { lang });
    const text = answer.error?.text ?? answer.body;
    quote(text);
    check(`${zone} (${whose}) is refused, with the reason`, !answer.ok && words.test(text), text);
    check('the panel has not made it', !second.panel.zones().includes(zone));
  }
  await seenNow(second, moved, www);
}

/** @returns the new token of the first customer */
export async function stolenToken(stage: GatewayStage, stolen: GatewayToken): Promise<GatewayToken> {
  printChapter('A stolen token is worth nothing elsewhere, and is taken back with one command');
  const { first, gateway } = stage;
  print(`$ curl --interface 127.0.0.2 -H "Authorization: Bearer ${shown(stolen)}" ${gateway.url}/v1/zones`);
  const elsewhere = await ask(gateway.url, stolen, '127.0.0.2');
  print(elsewhere.body);
  check('from another address the token is refused', elsewhere.status === 401, elsewhere);
  const own = await ask(gateway.url, stolen, '127.0.0.1');
  check('from the address of the panel it is accepted', own.status === 200, own);
  print(await operator(stage, 'token', 'list', first.id));
  print(await operator(stage, 'token', 'revoke', stolen.id));
  const revoked = await ask(gateway.url, stolen, '127.0.0.1');
  check('revoked, it is refused from everywhere at once', revoked.status === 401, revoked);
  const late = address('late', '192.0.2.102');
  const answer = await watched(first, moved, [late], () => first.atPanel.save(moved, late));
  quote(answer.error?.text ?? answer.body);
  check('the panel that still has it refuses an edit', !answer.ok && answer.error !== null);
  check('and has not made it', !holdsName(first.panel, moved, 'late'));
  const renewed = await addToken(stage, first.id, `panel of ${first.id}, new`);
  first.configure(renewed.token);
  await until('edits to be accepted with the new token', async () => {
    return (await first.atPanel.save(moved, late)).ok;
  });
  await seen(stage, moved, 'late', '192.0.2.102', 'with a new token in its settings, an edit');
  return renewed;
}

/** Asks for the zones of a token's customer, from an address of this machine. */
async function ask(
  url: string,
  { token }: GatewayToken,
  localAddress: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const headers = { Authorization: `Bearer ${token}` };
  const sent = request(`${url}/v1/zones`, { headers, localAddress, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await readAll(answer) };
}

export async function movedZone(stage: GatewayStage): Promise<void> {
  printChapter('A zone moves from one customer to the other; the name server goes on answering');
  const { first, second } = stage;
  await settled(first);
  print(await operator(stage, 'zone', 'transfer', moved, second.id));
  await seen(stage, moved, www.name, '192.0.2.100', 'what the first customer wrote');
  const refused = address('mine', '192.0.2.103');
  const answer = await watched(first, moved, [refused], () => first.atPanel.save(moved, refused));
  quote(answer.error?.text ?? answer.body);
  check(`an edit in the panel of ${first.id} is refused from now on`, !answer.ok, answer.body);
  check('and has not happened there', !holdsName(first.panel, moved, 'mine'));
  await makeDomain(second.panel, second.atPanel, domainOf(moved));
  check(`${second.id} makes ${moved} in his panel, and now has it there`, holdsName(second.panel, moved, ''));
  await settled(second);
  const theirs = address('moved', '192.0.2.104');
  await edit(second, moved, theirs);
  await seen(stage, moved, 'moved', '192.0.2.104', `an edit of ${second.id}`);
  const deleted = await first.atPanel.dropZone(moved);
  check(`${first.id} deletes the domain in the old panel`, deleted.ok, deleted.error);
  await settled(first);
  await seen(stage, moved, 'moved', '192.0.2.104', `after that, the edit of ${second.id}`);
  check('and in the new panel it stays', holds(second.panel, moved, theirs));
}

const auditEntry = v.object({
  what: v.string(),
  customer: v.string(),
  from: v.string(),
  zone: v.string(),
  detail: v.unknown(),
});

/** @param tokens all tokens' texts that were made */
export async function audited(stage: GatewayStage, tokens: readonly string[]): Promise<void> {
  printChapter('The audit: who did what, and from where');
  const { first, second, gateway, provider } = stage;
  const text = await gateway.operator('audit');
  const [headings = '', ...lines] = text.trimEnd().split('\n');
  print(['$ domainsync gateway audit', headings, '...', ...lines.slice(-16)].join('\n'));
  const entries = v.parse(v.array(auditEntry), await gateway.operatorJson('audit'));
  const has = (what: string, customer: string, zone: string): boolean =>
    entries.some((one) => one.what === what && one.customer === customer && one.zone === zone);
  const expected: readonly (readonly [what: string, customer: string, zone: string])[] = [
    ['token.added', first.id, ''],
    ['zone.assigned', first.id, zoneName(moved)],
    ['change.done', first.id, zoneName(moved)],
    [provider.makesZones ? 'zone.created' : 'zone.assigned', second.id, zoneName(made)],
    ['token.revoked', first.id, ''],
    ['zone.transferred', second.id, zoneName(moved)],
    ['change.done', second.id, zoneName(moved)],
  ];
  const lacking = expected.filter((one) => !has(...one));
  check('it has the tokens, the owners of zones and every change', lacking.length === 0, lacking);
  const changes = entries.filter(({ what }) => what === 'change.accepted');
  check(
    'each change has the address that it came from',
    changes.every(({ from }) => from === '127.0.0.1'),
  );
  const [change] = changes.slice(-1);
  print(`The last of ${changes.length} changes in full: ${JSON.stringify(change?.detail)}`);
  const log = JSON.stringify(gateway.lines);
  check(
    'no token stands in the gateway’s log or audit',
    tokens.every((one) => !`${log}${text}`.includes(one)),
  );
  const files = [first, second].flatMap(({ panel }) =>
    provider.secrets.flatMap((key) => filesWith(panel.root, key)),
  );
  check('no panel has the key of the name server in any of its files', files.length === 0, files);
}

/** The files below a folder that contain a text. */
function filesWith(folder: string, text: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => {
    const path = join(folder, name);
    const file = statSync(path, { throwIfNoEntry: false });
    return file?.isFile() === true && readFileSync(path, 'latin1').includes(text);
  });
}

/** Waits until every edit of the panel has ended. */
async function settled(customer: GatewayCustomer): Promise<void> {
  await until(`${customer.id}: every edit to end`, async () => {
    return (await customer.status())?.engine?.open === 0;
  });
}

/** Waits until the name server answers with an address. */
async function seen(
  { view }: GatewayStage,
  zone: string,
  host: string,
  ip: string,
  what: string,
): Promise<void> {
  const name = `${host}.${zone}.`;
  await until(`${name} to be ${ip}`, async () => {
    return (await view.lines(name, 'A')).some((line) => line.endsWith(` A ${ip}`));
  });
  check(`the name server answers for ${name} (${what})`, true);
}
