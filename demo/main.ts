/**
 * The main job, told in the terminal and asserted step by step from what the two panels themselves answer:
 * `script/demo [--stay]`. Exit status 1 at the first step that is not as promised.
 */
import { parseArgs } from 'node:util';
import { adoption, furnish, setUp } from './chapters-adoption.ts';
import { centralDown, mirrored, refused } from './chapters-edits.ts';
import { agentKilled, localRefusal, nothingLeaked } from './chapters-faults.ts';
import { account, customer, makeStage, type Stage } from './stage.ts';
import { checksDone, DemoFailed, tell } from './tell.ts';

const { values } = parseArgs({ options: { stay: { type: 'boolean', default: false } } });

async function main(): Promise<number> {
  console.log(
    'domainsync: an ISPmanager 4 of a customer, an ISPmanager 4 of his provider, and the plugin between them.',
  );
  const stage = await makeStage();
  try {
    const zones = await furnish(stage);
    await setUp(stage, zones);
    await mirrored(stage);
    await refused(stage);
    await centralDown(stage);
    await adoption(stage);
    await localRefusal(stage);
    await agentKilled(stage);
    await nothingLeaked(stage);
    console.log(`\n${checksDone()} promises checked, all kept.`);
    if (values.stay) await stay(stage);
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailed)) throw error;
    console.error(`\nNot as promised: ${error.message}`);
    return 1;
  } finally {
    await stage.stop();
  }
}

async function stay(stage: Stage): Promise<void> {
  tell('\nBoth panels keep running until Ctrl-C:');
  tell(`customer  ${stage.panel.url}/manager/ispmgr  ${customer.name} / ${customer.password}`);
  tell(`provider  ${stage.central.url}/manager/ispmgr  ${account.name} / ${account.password}`);
  tell(`files     ${stage.directory}`);
  tell('An edit by hand:');
  const login = encodeURIComponent(`${customer.name}:${customer.password}`);
  tell(
    `curl -sk '${stage.panel.url}/manager/ispmgr?authinfo=${login}&out=xml&func=domain.sublist.edit` +
      `&plid=harbour-books.example&elid=&name=hello&sdtype=A&addr=192.0.2.77&sok=ok'`,
  );
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

process.exit(await main());
