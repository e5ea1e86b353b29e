/**
 * Tests the monitoring of both generations of panels with the real agent. When the central fails and returns,
 * notices come, although the receiver fails at first. The metrics file is right with and without an agent.
 * The examples of docs/monitoring.md for Zabbix and plain mail work.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import * as https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makeCertificate } from '../../sandbox/shared/certificate.ts';
import { saveSettings } from '../../src/config/settings.ts';
import { exampleIn } from '../../src/testing/docs-examples.ts';
import { missingPrograms } from '../../src/testing/servers/process.ts';
import type { Ended } from '../../src/testing/stage/command-line.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { endProcess, until, type Stage, type StageOptions } from '../../src/testing/stage/stage.ts';
import { openScene, settled, zone } from './combinations/scene.ts';

const run = promisify(execFile);
const contrib = join(import.meta.dirname, '../../contrib');
const secret = 'a secret of the webhook';

interface Body {
  readonly type: string;
  readonly data: {
    readonly state: string;
    readonly began: readonly { readonly code: string; readonly text: string }[];
    readonly ended: readonly { readonly code: string }[];
  };
}

/** Reason why Debian's mail program `dma` cannot deliver into a folder of ours; false: it can. */
function withoutMta(): string | false {
  if (process.getuid?.() !== 0) return 'only root may mount a folder';
  const missing = missingPrograms('dma', 'unshare');
  if (missing !== false) return missing;
  return spawnSync('unshare', ['--mount', 'true']).status === 0 ? false : 'no mount namespaces here';
}

/** Makes a program that runs `dma` so that its queue and the mailboxes are in this folder. */
function dmaIn(directory: string): { readonly sendmail: string; readonly inbox: string } {
  const [queue, boxes, sendmail] = ['dma-queue', 'boxes', 'dma'].map((name) => join(directory, name));
  assert.ok(queue !== undefined && boxes !== undefined && sendmail !== undefined);
  for (const folder of [queue, boxes]) {
    mkdirSync(folder);
    // `dma` runs with the group of the mail folders.
    chownSync(folder, 0, statSync('/var/mail').gid);
    chmodSync(folder, 0o2775);
  }
  const mounts = `mount --bind '${queue}' /var/spool/dma && mount --bind '${boxes}' /var/mail`;
  writeFileSync(
    sendmail,
    `#!/bin/sh\nexec unshare --mount sh -c "${mounts} && exec dma \\"\\$@\\"" dma "$@"\n`,
  );
  chmodSync(sendmail, 0o755);
  return { sendmail, inbox: join(boxes, 'root') };
}

function watchPair(pair: Required<Pick<StageOptions, 'panel' | 'central'>>, language: 'en' | 'ru'): void {
  describe(`monitoring: ${pair.panel} to ${pair.central}`, () => {
    let stage: Stage;
    let receiver: https.Server;
    const received: { id: string; body: Body; refused: boolean }[] = [];
    /** The receiver answers this many requests with 500 before it accepts one. */
    let refusals = 0;
    let mails = '';
    let metrics = '';

    before(async () => {
      stage = await openScene(pair);
      mkdirSync(join(stage.directory, 'etc'));
      const certificate = await makeCertificate(stage.directory, 'receiver');
      const caFile = join(stage.directory, 'ca.pem');
      writeFileSync(caFile, certificate.cert);
      receiver = https.createServer(certificate, (request, response) => {
        let text = '';
        request.setEncoding('utf8');
        request.on('data', (part: string) => (text += part));
        request.on('end', () => {
          const refused = refusals > 0;
          refusals -= 1;
          received.push({
            id: String(request.headers['webhook-id']),
            body: JSON.parse(text) as Body,
            refused,
          });
          response.writeHead(refused ? 500 : 204).end();
        });
      });
      receiver.listen(0, '127.0.0.1');
      await once(receiver, 'listening');
      const at = receiver.address();
      const port = typeof at === 'object' && at !== null ? at.port : 0;
      mails = join(stage.directory, 'mails');
      mkdirSync(mails);
      const sendmail = join(stage.directory, 'sendmail');
      writeFileSync(sendmail, `#!/bin/sh\ncat >"${mails}/$$.new" && mv "${mails}/$$.new" "${mails}/$$"\n`);
      chmodSync(sendmail, 0o755);
      metrics = join(stage.directory, 'domainsync.prom');
      saveSettings(stage.panel.root, {
        notify: {
          webhook: `https://127.0.0.1:${port}/hook/token-in-path`,
          webhook_secret: secret,
          webhook_ca_file: caFile,
          webhook_inside: '127.0.0.1',
          mail_to: 'dns@example.net',
          sendmail,
          language,
          check_every: '1',
        },
      });
    });
    after(async () => {
      receiver.closeAllConnections();
      receiver.close();
      await stage.stop();
    });

    async function domainsync(...args: readonly string[]): Promise<Ended> {
      return await stage.ended(...args);
    }

    function mailCount(): number {
      return readdirSync(mails).filter((name) => !name.endsWith('.new')).length;
    }

    /** Number of accepted notices that report this code as begun or ended. */
    function accepted(says: 'began' | 'ended', code: string): number {
      return received.filter(
        ({ refused, body }) => !refused && body.data[says].some((one) => one.code === code),
      ).length;
    }

    /** Value of a metric after `status --prometheus`, by its name and labels; undefined: it is absent. */
    async function metric(written: string): Promise<string | undefined> {
      const { status, err } = await domainsync('status', '--prometheus', metrics);
      assert.equal(status, 0, err);
      const [plain = '', labels = '}'] = written.split('{');
      const kind = pair.panel === 'v4' ? 'ispmanager4' : 'ispmanager6';
      const name = `${plain}{panel="${kind}"${labels === '}' ? '' : ','}${labels}`;
      const lines = readFileSync(metrics, 'utf8').split('\n');
      return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    }

    test('notify --test: the agent sends it on both ways', async () => {
      await until('the settings to be in force', async () => {
        const { status, out } = await domainsync('--json', 'notify', '--test');
        return status === 0 && (JSON.parse(out) as { by: string }).by === 'agent';
      });
      assert.ok(received.some(({ body }) => body.type === 'domainsync.test'));
      assert.ok(mailCount() > 0);
      const { out } = await domainsync('notify', '--test');
      assert.match(
        out,
        /webhook +https:\/\/127\.0\.0\.1:\d+: delivered, in \d+ ms\nmail +dns@example\.net: delivered/,
      );
    });

    test('metrics of a panel that is well', { skip: missingPrograms('promtool') }, async () => {
      // The new zone is synced once its create is confirmed.
      await settled(stage);
      assert.equal(await metric('domainsync_up'), '1');
      assert.equal(await metric('domainsync_attention_reasons{code="central-unreachable"}'), '0');
      assert.equal(await metric('domainsync_zones{central="1",state="synced"}'), '1');
      const checked = spawnSync('promtool', ['check', 'metrics'], {
        input: readFileSync(metrics),
        encoding: 'utf8',
      });
      assert.deepEqual([checked.status, checked.stdout, checked.stderr], [0, '', '']);
    });

    test('the central goes: told once on each way, though the receiver fails first and the agent restarts', async () => {
      refusals = 2;
      const mailsBefore = mailCount();
      await stage.centralDown();
      await until('the central to be given up', async () => {
        await stage.atPanel.save(zone, address('down', '192.0.2.1'));
        return (await domainsync('status')).status === 3;
      });
      await until('the webhook', () => accepted('began', 'attention.central-unreachable') === 1);
      await until('the mail', () => mailCount() > mailsBefore);
      const tries = received.filter(({ body }) =>
        body.data.began.some(({ code }) => code === 'attention.central-unreachable'),
      );
      assert.deepEqual(
        tries.map(({ refused }) => refused),
        [true, true, false],
      );
      assert.equal(new Set(tries.map(({ id }) => id)).size, 1);
      assert.match(
        tries[0]?.body.data.began[0]?.text ?? '',
        language === 'en' ? /cannot be reached/ : /недоступен/,
      );
      assert.equal(await metric('domainsync_attention_reasons{code="central-unreachable"}'), '1');

      const pid = await stage.agent();
      assert.ok(pid !== null);
      await endProcess(pid);
      await until('another agent', async () => {
        await stage.atPanel.save(zone, address('again', '192.0.2.2'));
        return (await stage.agent()) !== null;
      });
      await stage.centralUp();
      await until('the end to be told', () => accepted('ended', 'attention.central-unreachable') === 1);
      assert.equal(accepted('began', 'attention.central-unreachable'), 1);
      await until('nothing to be left', () => received.at(-1)?.body.data.state === 'well');
    });

    test('an agent that is dead: up 0, and the file is written', async () => {
      const pid = await stage.agent();
      assert.ok(pid !== null);
      await endProcess(pid, 'SIGKILL');
      assert.equal(await metric('domainsync_up'), '0');
      assert.equal(await metric('domainsync_attention_reasons{code="agent-not-running"}'), '1');
      assert.equal(await metric('domainsync_zones{central="1",state="synced"}'), '1');
      assert.equal(await metric('domainsync_agent_resident_memory_bytes'), undefined);
    });

    test('notify --test without an agent: the command sends it, and says what fails', async () => {
      refusals = 1;
      const { status, out } = await domainsync('notify', '--test');
      assert.equal(status, 1);
      assert.match(
        out,
        /sent by +the command\nwebhook .*: not delivered, after \d+ ms\n +.*500.* \[notify\.answered\]\nmail .*: delivered/,
      );
      saveSettings(stage.panel.root, { notify: { webhook: null, mail_to: null } });
      const nobody = await domainsync('notify', '--test');
      assert.deepEqual([nobody.status, nobody.err.includes('[notify.nothing-set]')], [1, true]);
      assert.equal((await domainsync('notify')).status, 2);
    });

    test('issue 16, mail: a real mail program takes it and delivers it', { skip: withoutMta() }, async () => {
      const { sendmail, inbox } = dmaIn(stage.directory);
      saveSettings(stage.panel.root, { notify: { mail_to: 'root', sendmail } });
      assert.match((await domainsync('notify', '--test')).out, /^mail +root: delivered, in/mu);
      await until('the mail', () => existsSync(inbox) && /\n\n\S+\n/u.test(readFileSync(inbox, 'utf8')));
      const mail = readFileSync(inbox, 'utf8');
      assert.match(mail, /^Subject: \S+/mu);
      assert.match(mail, /^Content-Type: text\/plain; charset=utf-8$/mu);
      const body = Buffer.from(mail.slice(mail.indexOf('\n\n')), 'base64').toString('utf8');
      assert.match(body, language === 'en' ? /This is a test\./u : /Это проверка/u);
      saveSettings(stage.panel.root, { notify: { mail_to: null } });
    });

    /**
     * Writes a script that runs the command of this stage, like `sbin/domainsync` under the panel's root.
     * @returns its path
     */
    function command(): string {
      const path = join(stage.directory, 'command');
      writeFileSync(path, `#!/bin/sh\nexec ${stage.words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
      chmodSync(path, 0o755);
      return path;
    }

    test('Zabbix: the keys work in its own agent', { skip: missingPrograms('zabbix_agentd') }, () => {
      const bin = join(stage.directory, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'sudo'), '#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\nexec "$@"\n');
      chmodSync(join(bin, 'sudo'), 0o755);
      const parameters = readFileSync(join(contrib, 'zabbix/domainsync.conf'), 'utf8');
      const usual = '/usr/local/mgr5/sbin/domainsync';
      assert.ok(parameters.includes(usual));
      const config = join(stage.directory, 'zabbix.conf');
      writeFileSync(
        config,
        `Server=127.0.0.1\nTimeout=30\nLogType=console\n${parameters.replaceAll(usual, command())}`,
      );
      const ask = (key: string): string => {
        const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}:/usr/sbin` };
        const { stdout } = spawnSync('zabbix_agentd', ['-c', config, '-t', key], { encoding: 'utf8', env });
        return /\[t\|([\s\S]*)\]\s*$/u.exec(stdout)?.[1] ?? stdout;
      };
      assert.equal(ask('domainsync.exit').trim(), '1');
      const report = JSON.parse(ask('domainsync.status')) as Record<string, unknown>;
      // docs/monitoring.md names these fields.
      assert.deepEqual(report['pid'], null);
      assert.partialDeepStrictEqual(report, {
        attention: [{ code: 'attention.agent-not-running' }],
        paused: false,
      });
      const [central] = report['centrals'] as { engine: Record<string, unknown> }[];
      for (const field of ['unfinished', 'zones', 'records'])
        assert.ok(central?.engine[field] !== undefined, field);
    });

    test('plain mail: the script mails once for each change of the exit status', async () => {
      const inbox = join(stage.directory, 'inbox');
      const sendmail = join(stage.directory, 'plain-sendmail');
      writeFileSync(sendmail, `#!/bin/sh\n[ "$*" = "-t -i" ] && cat >>'${inbox}'\n`);
      chmodSync(sendmail, 0o755);
      const script = join(stage.directory, 'status-mail');
      const text = exampleIn('monitoring.md', 'Mails when the exit status')
        .replace('/usr/local/mgr5/sbin/domainsync', command())
        .replace('/usr/sbin/sendmail', sendmail)
        .replace('/var/lib/domainsync-status', join(stage.directory, 'kept'));
      writeFileSync(script, text);
      const subjects = async (): Promise<readonly string[]> => {
        await run('/bin/sh', [script]);
        const mail = existsSync(inbox) ? readFileSync(inbox, 'utf8') : '';
        return [...mail.matchAll(/^Subject: domainsync on \S+: (.*)$/gmu)].map(([, said]) => said ?? '');
      };
      assert.deepEqual(await subjects(), ['exit status 1, was 0']);
      assert.deepEqual(await subjects(), ['exit status 1, was 0']);
      assert.match(readFileSync(inbox, 'utf8'), /^To: dns@example\.net\n[\s\S]*\nagent +not running/u);
      await until('an agent', async () => {
        await stage.atPanel.save(zone, address('third', '192.0.2.3'));
        return (await domainsync('status')).status === 0;
      });
      assert.deepEqual(await subjects(), ['exit status 1, was 0', 'exit status 0, was 1']);
    });

    test('no secret, and no path of the webhook, in the log or in what was told', () => {
      const log = readFileSync(join(stage.panel.root, 'var/domainsync.log'), 'utf8');
      assert.match(log, /notify\.delivered/);
      for (const text of [log, JSON.stringify(received), readFileSync(metrics, 'utf8')]) {
        for (const hidden of [secret, 'token-in-path', ...stage.secrets])
          assert.equal(text.includes(hidden), false, hidden);
      }
    });
  });
}

watchPair({ panel: 'v4', central: 'v4' }, 'ru');
watchPair({ panel: 'v6', central: 'dnsmgr' }, 'en');
