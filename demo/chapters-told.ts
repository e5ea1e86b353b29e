/** Chapters about what administrators are told: reasons in the status, mails, and the history. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAnswer } from '../src/app/control/protocol.ts';
import { saveSettings } from '../src/config/settings.ts';
import { customer, until, type AnyStage } from '../src/testing/stage/stage.ts';
import { check, milliseconds, print, printChapter } from './print.ts';

const administrator = 'dns@customer.example';

/** Configures who gets mails. The mail program of this demo puts each mail into a file. */
export function notifyByMail(stage: AnyStage): void {
  const mails = mailFolder(stage);
  mkdirSync(mails);
  const sendmail = join(stage.directory, 'sendmail');
  writeFileSync(sendmail, `#!/bin/sh\ncat >"${mails}/$$.new" && mv "${mails}/$$.new" "${mails}/$$.mail"\n`);
  chmodSync(sendmail, 0o755);
  saveSettings(stage.panel.root, { notify: { mail_to: administrator, sendmail, check_every: '1' } });
}

export async function reasonTold(stage: AnyStage): Promise<void> {
  printChapter('Meanwhile the administrator is told why');
  const started = performance.now();
  const { status, out } = await stage.ended('status');
  const [first = ''] = out.split('\n');
  print(`$ domainsync status; echo $?\n${first}\n...\n${status}`);
  check(
    'the status ends with 3, and its first line says why, since when, and what to do',
    status === 3 && /^attention .*"domainsync check".*\[attention\.central-unreachable\]$/u.test(first),
    { status, first },
  );
  const mail = await mailThat(stage, unreachable('New'));
  print(mail);
  check(
    `a mail says the same, ${milliseconds(started)} later`,
    mail.includes('needs an administrator') && mail.includes(`To: ${administrator}`),
  );
  print('(two looks have to agree; this demo looks every second, the default is every minute)');
}

export async function reasonOver(stage: AnyStage): Promise<void> {
  const mail = await mailThat(stage, unreachable('Over'));
  print(mail.split('\n')[1] ?? '');
  check('another mail says that it is over', /^Subject: .*domainsync/mu.test(mail), mail);
  const begun = mailsOf(stage).filter((one) => unreachable('New').test(one));
  check('it was told once that the central is out of reach, not with every edit', begun.length === 1, begun);
}

/** Matches a mail that lists the outage under this heading. */
function unreachable(heading: 'New' | 'Over'): RegExp {
  return new RegExp(`^${heading}:\n(?:- .*\n)*- .*\\[attention\\.central-unreachable`, 'mu');
}

/** @param zone a zone that only the panel has, in which the customer has made an edit */
export async function historyTells(stage: AnyStage, zone: string): Promise<void> {
  printChapter('The history says what became of each edit');
  await until('the edits to be stored', async () => (await outcomes(stage, '--zone', zone)).length > 0);
  print(await stage.domainsync('history', '--zone', zone));
  const left = await outcomes(stage, '--zone', zone);
  check(
    `an edit of ${zone} is "in the panel only", with the reason: never "done on both sides"`,
    left.every(({ outcome, why }) => outcome === 'panel-only' && why.includes('note.left-panel-only')),
    left,
  );
  print(await stage.domainsync('history', '--outcome', 'refused', '--latest', '2'));
  const refused = await outcomes(stage, '--outcome', 'refused', '--user', customer.name);
  check(
    'refused edits are there too, with who made them and why they were refused',
    refused.length > 0 && refused.every(({ why }) => why.length > 0),
  );
  const paused = await outcomes(stage, '--name', 'paused.kletterhalle-west.example');
  check(
    'the click during the pause has kept its person; the comparison that sent it has an entry of its own',
    paused.some(({ actor, why }) => actor === customer.name && why.includes('note.left-pause')) &&
      paused.some(({ outcome }) => outcome === 'both-sides'),
    paused,
  );
}

async function outcomes(
  stage: AnyStage,
  ...filter: readonly string[]
): Promise<ReturnType<typeof parseAnswer<'history'>>['entries']> {
  const text = await stage.domainsync('--json', 'history', ...filter);
  return parseAnswer('history', { entries: JSON.parse(text), next: null }).entries;
}

function mailFolder({ directory }: AnyStage): string {
  return join(directory, 'mails');
}

/** Waits for a mail that matches. @returns its addressee, its subject and its text */
async function mailThat(stage: AnyStage, pattern: RegExp): Promise<string> {
  let found: string | undefined;
  await until(`the mail about ${pattern.source}`, () => {
    found = mailsOf(stage).find((mail) => pattern.test(mail));
    return found !== undefined;
  });
  return found ?? '';
}

/** The mails so far, with their texts decoded, without the headers that nobody reads. */
function mailsOf(stage: AnyStage): readonly string[] {
  const folder = mailFolder(stage);
  const names = readdirSync(folder).filter((name) => name.endsWith('.mail'));
  return names.map((name) => {
    const [head = '', body = ''] = readFileSync(join(folder, name), 'utf8').split('\n\n');
    const shown = head.split('\n').filter((line) => /^(?:To|Subject): /u.test(line));
    return [...shown, '', ...Buffer.from(body, 'base64').toString('utf8').trimEnd().split('\r\n')].join('\n');
  });
}
