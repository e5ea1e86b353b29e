import { Command } from 'commander';
import type { Finding } from '../../app/doctor/finding.ts';
import { examine } from '../../app/doctor/index.ts';
import { selfTestHere } from '../../app/self-test/here.ts';
import type { SelfTestReport } from '../../app/self-test/self-test.ts';
import { exitStatus, print, progress, say } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { findingText, findingsSummary } from '../texts/findings.ts';
import { selfTestText } from '../texts/self-test.ts';

const examples = `
Examples:
  domainsync doctor
  domainsync doctor --self-test                          with a scratch zone such as domainsync-test-1a2b3c4d.invalid
  domainsync doctor --self-test --zone test.example.org  where the panel or the central refuse .invalid
  domainsync --json doctor --self-test > report.json     the report to send us; it holds no secret

Without --self-test nothing is changed. Exit status: 0 no problems, 1 it could not be found out, 3 problems.
`;

export function doctorCommand(globals: () => GlobalOptions): Command {
  return new Command('doctor')
    .description('everything that may be wrong on this host, each with its way out')
    .option('--self-test', 'also create, edit and delete a scratch zone, and report how this panel behaves')
    .option('--zone <name>', 'its name; it must exist on neither side (default: a new name under .invalid)')
    .addHelpText('after', examples)
    .action(async (options: { selfTest?: boolean; zone?: string }, command: Command) => {
      const { paths, json } = globals();
      if (options.zone !== undefined && options.selfTest !== true)
        command.error(
          'error: --zone names the scratch zone of --self-test; to look at a zone: "domainsync zone NAME".',
        );
      const findings: Finding[] = [];
      for await (const finding of examine({ paths, wall: Date.now() })) {
        findings.push(finding);
        if (!json) say(findingText(finding));
      }
      const sick = findings.some(({ state }) => state === 'problem');
      if (sick) process.exitCode = exitStatus.attention;
      const tested = options.selfTest === true ? await selfTestHere(paths, options.zone, progress) : null;
      print(json, { findings, selfTest: tested }, () =>
        tested === null ? findingsSummary(findings) : `\n${selfTestText(tested)}`,
      );
      if (tested !== null && !isGood(tested)) process.exitCode = exitStatus.attention;
    });
}

function isGood({ steps, assumptions, clean }: SelfTestReport): boolean {
  return (
    clean &&
    assumptions.every(({ holds }) => holds !== 'no') &&
    steps.every(({ failed, panelShows, centralShows }) => {
      return failed === null && panelShows === true && centralShows === true;
    })
  );
}
