import { makeStage, until } from './stage.ts';
import { contents } from './words.ts';
import { askAgent } from '../src/cli/ask.ts';
import { readFileSync } from 'node:fs';
const central = (process.argv[2] ?? 'dnsmgr') as 'dnsmgr' | 'v6' | 'v4';
const stage = await makeStage({ panel: 'v6', central });
const zone = 'example.org';
const settled = (ms = 60000) => until('settled', async () => ((await askAgent(stage.socket, { do: 'status' })) as any).engine?.open === 0, ms);
const side = (s: any, z = zone) => contents(s, z) ?? ['NONE'];
const diff = (z = zone) => { const p = side(stage.panel, z), c = side(stage.central, z); return { panelOnly: p.filter((x) => !c.includes(x)), centralOnly: c.filter((x) => !p.includes(x)) }; };
const same = (z = zone) => { const d = diff(z); return d.panelOnly.length + d.centralOnly.length === 0; };
const f = 'domain.record.edit', del = 'domain.record.delete';
const edit = (elid: string, more: Record<string, string>, z = zone) => stage.customer(f, { plid: z, elid, ...more, sok: 'ok' });
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));
const said = (a: any) => (a.ok ? 'ok' : (a.error?.text ?? a.body).slice(0, 220));
async function check(label: string, act: () => Promise<any>, z = zone, ms = 9000) {
  const t0 = Date.now(); let a: any;
  try { a = await act(); } catch (e) { a = { ok: false, body: String(e) }; }
  const took = Date.now() - t0;
  const t = Date.now(); while (!same(z) && Date.now() - t < ms) await wait(200);
  await settled().catch((e) => console.log('  ', e.message));
  console.log(same(z) ? 'ok  ' : 'DIFF', label, `${took} ms`, Array.isArray(a) ? a.map(said).join(' | ') : a ? said(a) : '', same(z) ? '' : JSON.stringify(diff(z)).slice(0, 500));
}
try {
  await stage.install(); stage.configure();
  await until('zone', async () => (await stage.atPanel.makeZone(zone)).ok, 30000);
  await until('agree', same, 20000); await settled();
  await check('forged mark', () => edit('', { name: 'm', rtype: 'a', ip: '192.0.2.1', domainsync_mark: 'x' }));
  await check('odd param names', () => edit('', { name: 'm2', rtype: 'a', ip: '192.0.2.1', 'a\nb': 'c', 'PARAM_elid': 'x', '': 'empty', 'HANDLER_STAGE': 'after', 'x=y': 'z' }));
  await check('huge param 100k', () => edit('', { name: 'm3', rtype: 'a', ip: '192.0.2.1', junk: 'x'.repeat(100_000) }));
  await check('huge param 200k', () => edit('', { name: 'm4', rtype: 'a', ip: '192.0.2.1', junk: 'x'.repeat(200_000) }));
  await check('many params 3 MB', () => edit('', { name: 'm5', rtype: 'a', ip: '192.0.2.1', ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`junk${i}`, 'x'.repeat(100_000)])) }));
  await check('sv_field with sok', () => edit('', { name: 'm6', rtype: 'a', ip: '192.0.2.1', sv_field: 'rtype' }));
  await check('dkim', () => stage.customer('emaildomain.edit', { elid: '', name: zone, dkim: 'on', dmarc: 'on', sok: 'ok' }));
  await check('dkim off', () => stage.customer('emaildomain.edit', { elid: zone, dkim: 'off', dmarc: 'off', sok: 'ok' }));
  for (const fire of [false, true]) {
    stage.panel.switches.fireNested = fire;
    await check(`site.edit fire ${fire}`, () => stage.customer('site.edit', { elid: '', site_name: `s${fire}.${zone}`, site_aliases: `www.s${fire}.${zone} t${fire}.${zone}`, site_ipaddrs: '192.0.2.77', sok: 'ok' }));
    await check(`webdomain.delete fire ${fire}`, () => stage.customer('webdomain.delete', { elid: `s${fire}.${zone}` }), zone, 15000);
    stage.panel.switches.failOuter = { 'webdomain.edit': { code: 1, text: 'no', count: 1 } };
    await check(`failOuter fire ${fire}`, () => stage.customer('webdomain.edit', { elid: '', name: `f${fire}.${zone}`, aliases: '', ipaddrs: '192.0.2.77', sok: 'ok' }), zone, 15000);
    stage.panel.switches.failOuter = {};
    await check(`new zone by webdomain fire ${fire}`, () => stage.customer('webdomain.edit', { elid: '', name: `w${fire}.example`, aliases: '', ipaddrs: '192.0.2.77', sok: 'ok' }), `w${fire}.example`, 15000);
    stage.panel.switches.serviceDeletes = 'zone';
    await check(`zone gone by webdomain fire ${fire}`, () => stage.customer('webdomain.delete', { elid: `w${fire}.example` }), `w${fire}.example`, 25000);
    stage.panel.switches.serviceDeletes = 'records';
  }
  stage.panel.switches.fireNested = false;
  // 300 records then a group delete
  const t1 = Date.now(); for (let i = 0; i < 300; i += 10) await Promise.all(Array.from({ length: 10 }, (_, k) => edit('', { name: `g${i + k}`, rtype: 'a', ip: '192.0.2.1' })));
  console.log('300 adds', Date.now() - t1); await settled();
  await check('group of 300', () => stage.customer(del, { plid: zone, elid: (stage.panel.keys(zone) ?? []).filter((k) => /^g\d/.test(k)).join(', ') }), zone, 20000);
  await check('edit while zone is deleted', () => Promise.all([stage.atPanel.dropZone(zone), edit('', { name: 'x', rtype: 'a', ip: '192.0.2.1' })]), zone, 20000);
  await check('zone created again', () => stage.atPanel.makeZone(zone), zone, 20000);
  await check('deleted and created at once', async () => { const a = await stage.atPanel.dropZone(zone); const b = await stage.atPanel.makeZone(zone); return [a, b]; }, zone, 30000);
  await check('deleted and created concurrently', () => Promise.all([stage.atPanel.dropZone(zone), stage.atPanel.makeZone(zone)]), zone, 30000);
  if (stage.panel.records(zone) === null) { await stage.atPanel.makeZone(zone); await wait(5000); }
  await check('domain.delete.request', () => stage.customer('domain.delete.request', { elid: zone, sok: 'ok' }), zone, 20000);
  await check('zone again', () => stage.atPanel.makeZone(zone), zone, 20000);
  // pause
  for (const [i, n] of ['q1', 'q2', 'q3', 'q4'].entries()) await edit('', { name: n, rtype: 'a', ip: `192.0.2.${i + 1}` });
  await stage.atPanel.makeZone('pausegone.example'); await settled(); await wait(2000);
  await stage.domainsync('pause', '1h');
  await edit('', { name: 'inpause', rtype: 'a', ip: '192.0.2.9' });
  await stage.customer(del, { plid: zone, elid: [`q1.${zone}. A  192.0.2.1`, `q2.${zone}. A  192.0.2.2`].join(', ') });
  await edit(`q3.${zone}. A  192.0.2.3`, { ip: '192.0.2.33', ttl: '77' });
  await stage.atPanel.makeZone('pausenew.example');
  await stage.atPanel.dropZone('pausegone.example');
  console.log('in pause', JSON.stringify(diff()));
  await stage.domainsync('resume');
  await check('after the pause', async () => undefined, zone, 20000);
  await check('zone made in pause', async () => undefined, 'pausenew.example', 10000);
  await check('zone deleted in pause', async () => undefined, 'pausegone.example', 3000);
  console.log((await stage.domainsync('zone', 'pausegone.example')).slice(0, 300));
  // user delete
  const admin = { user: 'root', password: 'panel-root' };
  console.log('user', said(await stage.panel.call('user.edit', { elid: '', name: 'john.doe', passwd: 'xx12345678', confirm: 'xx12345678', password: 'xx12345678', sok: 'ok' }, admin)));
  await check('dnsparam', () => stage.customer('dnsparam', { sok: 'ok' }));
  // 200 zones by hint
  const zones = Array.from({ length: 60 }, (_, i) => `z${i}.example`);
  const t2 = Date.now(); for (const z of zones) { const a = await stage.customer('webdomain.edit', { elid: '', name: z, aliases: '', ipaddrs: '192.0.2.77', sok: 'ok' }); if (!a.ok) console.log(z, said(a)); }
  await until('60 zones', () => zones.every((z) => same(z) && stage.central.records(z) !== null), 90000).catch((e) => console.log(e.message, zones.filter((z) => !same(z)).length)); console.log('60 zones', Date.now() - t2);
  await settled();
  await wait(5000);
  stage.panel.switches.serviceDeletes = 'zone';
  await check('60 zones gone with one group', () => stage.customer('webdomain.delete', { elid: zones.join(', ') }));
  await wait(20000);
  console.log('left at the central', zones.filter((z) => stage.central.records(z) !== null).length);
  console.log((await stage.domainsync('status')).slice(0, 600));
  console.log('defects', readFileSync(`${stage.panel.root}/var/domainsync.log`, 'utf8').split('\n').filter((l) => /defect/.test(l)).slice(0, 5));
} catch (e) { console.log('FAILED', e); } finally { await stage.stop().catch((e) => console.log(e)); }
