import { Command } from 'commander';
import { describeProblem } from '../../core/describe.ts';
import { chosen } from '../../app/answers/readings.ts';
import { checkCentral, type CheckReport } from '../../app/check/check.ts';
import { everyCentral, loadSettings } from '../../config/settings.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { coloured, exitStatus, print } from '../output.ts';
import { CommandFailed } from '../../app/command-failed.ts';
import { nextPassword } from '../../app/next-password.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync check
  domainsync check || domainsync doctor

Tests the settings as they are in the file now. Exit status: 0 the central accepts the account, 1 not.
`;

export function checkCommand(globals: () => GlobalOptions): Command {
  return new Command('check')
    .description('connection, login and rights at the central; needs no agent')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async ({ central = null }: Chosen) => {
      const { paths, json } = globals();
      const loaded = loadSettings(paths.root);
      if (loaded.kind === 'not-configured')
        throw new CommandFailed(`${loaded.path}: no central is configured.`);
      if (loaded.kind === 'broken') {
        throw new CommandFailed(loaded.problems.map((one) => describeProblem(one, 'en')).join('\n'));
      }
      const all = everyCentral(loaded.settings);
      const reports: NumberedReport[] = [];
      const asked = all.map((settings) => ({ settings }));
      for (const { settings } of chosen(asked, central)) {
        const report = await checkCentral(settings, paths.root);
        reports.push(all.length > 1 ? { ...report, number: settings.number } : report);
      }
      const failed = reports.flatMap((one) => (one.ok ? [] : one.problem));
      if (failed.length > 0 && all.length === 1) throw new CommandFailed(failed.join('\n'));
      if (failed.length > 0) process.exitCode = exitStatus.failed;
      const whole = all.length === 1 ? reports[0] : { ok: failed.length === 0, centrals: reports };
      print(json, whole, () => reports.map(text).join('\n\n'));
    });
}

/** `number`: the central's number in the settings; absent if the panel has only one central. */
type NumberedReport = CheckReport & { readonly number?: number };

function text(report: NumberedReport): string {
  const { number, central } = report;
  const head = `central${number === undefined ? '  ' : ` ${number}`}  ${central.address}`;
  if (!report.ok) return `${head}\n${coloured('problem', 'bad')}    ${report.problem}`;
  const account = `account    ${central.account}: the login works, ${report.text}`;
  const other = report.nextPassword ? [`password   ${describeProblem(nextPassword, 'en')}`] : [];
  return [head, account, ...other, `answered   in ${report.ms} ms`].join('\n');
}
