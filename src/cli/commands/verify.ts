import { resolve } from 'node:path';
import { Command } from 'commander';
import { CommandFailed } from '../../app/command-failed.ts';
import { isUsableKey, keyPath, signingKey, verifyRelease } from '../../app/install/signature.ts';
import { inWords } from '../../app/problems.ts';
import { problem } from '../../dns/problem.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync verify /root/lib/domainsync/1.2.0 && /root/lib/domainsync/1.2.0/install
  domainsync verify DIR --key provider.pub      with another key than the kept one

Runs nothing of the release. Exit status: 0 signed by the key, and no file is missing, changed or added; 1 not.
`;

export function verifyCommand(globals: () => GlobalOptions): Command {
  return new Command('verify')
    .description('check the signature of an unpacked release, before anything of it is run')
    .argument('<dir>', 'folder of the release')
    .option('--key <key>', 'public key of minisign, or a file with it')
    .addHelpText('after', examples)
    .action((dir: string, { key: given }: { readonly key?: string }) => {
      const { paths, json } = globals();
      const key = signingKey(paths.root, given);
      if (!isUsableKey(key)) throw failed(key ?? problem('install.no-key', { path: keyPath(paths.root) }));
      const folder = resolve(dir);
      const verified = verifyRelease(folder, key);
      if (!('comment' in verified)) throw failed(verified);
      const { comment } = verified;
      print(json, { folder, signed: comment }, () => `${folder} is signed: ${comment}`);
    });
}

function failed(one: ReturnType<typeof problem>): CommandFailed {
  return new CommandFailed(inWords([one]), [one]);
}
