/** Checks at the end of a story that name server, database and audit agree with the answers to clients. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { openStorage } from '../../../gateway/serve.ts';
import { loadStorageSettings } from '../../../gateway/settings.ts';
import { isLinked, noHead } from '../../../gateway/storage/audit-chain.ts';
import type { AuditLink, Storage } from '../../../gateway/storage/storage.ts';
import { sayMay } from './client.ts';
import type { Attempt, ClientValue, ClientZone, Knowledge } from './knowledge.ts';
import { until } from '../../stage/stage.ts';
import { customers, ofProvider, type GatewayScene } from './scene.ts';
import type { Violations } from './violations.ts';

/** Checks every law. All processes must run, and the gateway must have started after the last trouble. */
export async function judgeGateway(
  scene: GatewayScene,
  { values, zones, attempts }: Knowledge,
  violations: Violations,
): Promise<void> {
  const { server, gateways, provider } = scene;
  for (const value of values) judgeValue(value, await dataAt(scene, value), violations);
  await judgeOwners(scene, zones, violations);
  await judgeAudit(scene, attempts, violations);
  if ((await server.octets(ofProvider)) !== provider)
    violations.add('foreign.zone', `${ofProvider} has changed`);
  judgeLeaks(scene, violations);
  for (const gateway of gateways) {
    if (gateway.diedByItself) violations.add('stage.died', 'the gateway ended by itself');
    const defects = gateway.lines.filter(({ level }) => level === 1);
    for (const line of defects) violations.add('stage.died', JSON.stringify(line).slice(0, 500));
  }
}

/** The data of a client in an RRset, as the name server itself shows them. */
async function dataAt({ server }: GatewayScene, value: ClientValue): Promise<readonly string[]> {
  const { zone, name, type, prefix } = value;
  return (await server.data(zone, name, type)).filter(startsWith(prefix));
}

function startsWith(prefix: string): (text: string) => boolean {
  return (text) => text.startsWith(prefix);
}

function judgeValue(value: ClientValue, found: readonly string[], violations: Violations): void {
  const [one = null] = found;
  if (found.length <= 1 && value.may.has(one)) return;
  const said = found.length === 0 ? 'nothing' : found.join(', ');
  violations.add('answers.left', `${value.name} has ${said}; the answers allow ${sayMay(value)}`);
}

/** Checks that each zone has an owner, and that the name server has each zone that has an owner. */
async function judgeOwners(
  scene: GatewayScene,
  zones: readonly ClientZone[],
  violations: Violations,
): Promise<void> {
  const there = await scene.server.zones();
  const storage = await openStorage(loadStorageSettings(scene.gateways[0].config));
  const owners = new Map<string, string>();
  try {
    for (const customer of customers)
      for (const zone of await storage.zonesOf(customer)) owners.set(zone, customer);
    // A claim of a killed gateway is protected by its lease for some seconds.
    if (scene.gateways.length > 1)
      await until('the claims', async () => (await storage.pendingClaims()).length === 0);
    for (const { zone } of await storage.pendingClaims())
      violations.add('owners.zone', `${zone} is claimed, and nobody has decided about it`);
  } finally {
    await storage.close();
  }
  for (const zone of there)
    if (!owners.has(zone)) violations.add('owners.zone', `${zone} has no owner at the gateway`);
  for (const [zone, customer] of owners)
    if (!there.has(zone)) violations.add('owners.zone', `${customer} owns ${zone}, which is not there`);
  for (const zone of zones) {
    const isThere = there.has(zone.zone);
    if (!zone.may.has(isThere))
      violations.add('answers.left', `${zone.zone} is ${isThere ? '' : 'not '}there, against all answers`);
    if (isThere) await judgeContent(scene, zone, violations);
    if (isThere && (await hasNoSoa(scene, zone.zone))) scene.halfMade.push(zone.zone);
  }
}

async function judgeContent(
  scene: GatewayScene,
  { zone, content }: ClientZone,
  violations: Violations,
): Promise<void> {
  const www: ClientValue = { zone, name: `www.${zone}`, type: 'A', prefix: '', may: new Set([content]) };
  const found = await dataAt(scene, www);
  if (found.join() !== content)
    violations.add('zones.content', `${www.name} has ${found.join(', ') || 'nothing'}, not ${content}`);
}

/**
 * Whether a zone has no SOA. PowerDNS makes a zone before its records, so a kill within a create can leave a
 * zone without records.
 */
async function hasNoSoa({ server }: GatewayScene, zone: string): Promise<boolean> {
  return (await server.data(zone, zone, 'SOA')).length === 0;
}

const ofChange = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ what: v.string(), token: v.string(), detail: v.object({ key: v.string() }) }),
);

/** Checks the chains of hashes, and that each key was accepted and ended at most once. */
async function judgeAudit(
  scene: GatewayScene,
  attempts: readonly Attempt[],
  violations: Violations,
): Promise<void> {
  const storage = await openStorage(loadStorageSettings(scene.gateways[0].config));
  const counts = new Map<string, number>();
  // Each gateway has a chain of its own.
  const heads = new Map<string, string>();
  for await (const link of linksOf(storage)) {
    if (!isLinked(heads.get(link.gateway) ?? noHead.hash, link))
      violations.add('audit.chain', `entry ${link.number}: ${link.body}`);
    heads.set(link.gateway, link.hash);
    const change = v.safeParse(ofChange, link.body);
    if (!change.success) continue;
    const { what, token, detail } = change.output;
    if (what === 'change.interrupted') scene.interrupted.add(detail.key);
    const id = `${token} ${detail.key} ${what}`;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  await storage.close();
  for (const attempt of attempts) judgeKey(attempt, counts, violations);
}

/** All entries of the audit, oldest first. */
async function* linksOf(storage: Storage): AsyncGenerator<AuditLink> {
  let page: readonly AuditLink[] = [];
  do {
    page = await storage.auditLinks(page.at(-1)?.number ?? 0, 1_000);
    yield* page;
  } while (page.length > 0);
}

function judgeKey(
  { token, key, last }: Attempt,
  counts: ReadonlyMap<string, number>,
  violations: Violations,
): void {
  const count = (what: string): number => counts.get(`${token} ${key} change.${what}`) ?? 0;
  const accepted = count('accepted');
  const ended = count('done') + count('failed') + count('interrupted');
  if (count('withdrawn') > 0) judgeWithdrawn(key, { accepted, ended }, count('interrupted'), violations);
  else if (accepted > 1 || ended !== accepted)
    violations.add('audit.once', `${key} was accepted ${accepted} times, and ended ${ended} times`);
  if (last?.kind === 'done' && count('done') !== 1)
    violations.add('audit.once', `${key} was answered as done; the audit has that ${count('done')} times`);
  if (last?.kind === 'unknown' && count('withdrawn') > 0)
    violations.add(
      'answers.other',
      `${key} was withdrawn, but the answer is that nobody knows (${last.text})`,
    );
  if (last?.kind === 'untouched' && count('done') > 0)
    violations.add('audit.once', `${key} was refused (${last.text}); the audit says that it was done`);
}

/**
 * A withdrawn key was never accepted, before or after. Only a kill within the withdrawal may end it, as
 * interrupted.
 */
function judgeWithdrawn(
  key: string,
  { accepted, ended }: { readonly accepted: number; readonly ended: number },
  interrupted: number,
  violations: Violations,
): void {
  if (accepted > 0 || ended > interrupted || interrupted > 1)
    violations.add(
      'audit.once',
      `${key} was withdrawn, accepted ${accepted} times, and ended ${ended} times`,
    );
}

function judgeLeaks({ clients, server, gateways }: GatewayScene, violations: Violations): void {
  const secrets = [...clients.map(({ token }) => token.token), ...server.secrets];
  const texts = new Map([['log', JSON.stringify(gateways.map(({ lines }) => lines))]]);
  for (const { config } of gateways) {
    const { state } = loadStorageSettings(config);
    for (const name of readdirSync(state)) texts.set(name, readFileSync(join(state, name), 'latin1'));
  }
  for (const [where, text] of texts)
    if (secrets.some((secret) => text.includes(secret)))
      violations.add('stage.leaked', `a secret stands in the gateway's ${where}`);
}
