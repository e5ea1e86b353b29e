import { resolve } from 'node:path';
import { Command } from 'commander';
import { makeReport } from '../../app/report/make-report.ts';
import { demandFree, writeReport } from '../../app/report/report-file.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print, progress } from '../output.ts';

const examples = `
Examples:
  domainsync report --out report.txt
  domainsync report --out report.txt --anonymous

One text file: versions, settings, what the doctor finds, status, the last 50 operations, the end of the log. No
password, key or token is in it. With --anonymous no zone, name, address or account either: each has a pseudonym.
Read it before you send it. Exit status: 0 written, 1 not.
`;

export function reportCommand(globals: () => GlobalOptions): Command {
  return new Command('report')
    .description('write a report for support, without secrets')
    .requiredOption('--out <file>', 'the file to make; it must not exist')
    .option('--anonymous', 'replace zones, names, addresses and accounts by pseudonyms')
    .addHelpText('after', examples)
    .action(async ({ out, anonymous = false }: { out: string; anonymous?: boolean }) => {
      const { paths, json } = globals();
      const file = resolve(out);
      demandFree(file);
      progress('collecting');
      const text = await makeReport({ paths, anonymous, wall: Date.now() });
      writeReport(file, text);
      const octets = Buffer.byteLength(text);
      print(json, { file, octets, anonymous }, () => {
        const names = anonymous ? 'no names' : 'zones and names';
        return `${file}: ${Math.ceil(octets / 1024)} KiB, with ${names} and no secrets. Read it before you send it.`;
      });
    });
}
