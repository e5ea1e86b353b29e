/** The archive of a release, and the extension source of ISPmanager 4. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pluginName, type Staged } from './stage.ts';

const run = promisify(execFile);

export function archiveName(version: string, { arch }: Staged): string {
  return `domainsync-${version}-${arch}.tar.gz`;
}

/**
 * Packs a release. The archive can be unpacked over any panel's root (docs/protocol.md#sources-4). It
 * contains a folder for the release and two scripts for ISPmanager 4, and replaces no file in use. The
 * command `install` activates the release.
 * @param level compression level of gzip, 1 to 9
 */
export async function packArchive(staged: Staged, file: string, level: number): Promise<void> {
  // With these options, tar makes the same octets from the same content.
  const tidy = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=gnu'];
  const packing = ['-C', staged.folder, '-I', `gzip -n -${level}`, '-cf', file, 'lib', 'var'];
  await run('tar', [...tidy, ...packing]);
}

/**
 * Makes the extension source in the form `plugins` (docs/protocol.md#sources-4). Pure.
 * @param baseUrl URL of the archives' folder, with its final slash; empty: the archives are beside the source
 */
export function extensionSource(made: readonly Staged[], version: string, baseUrl: string): string {
  const plugins = made.map(
    (staged) => `  <plugin name="${pluginName(staged.arch)}" version="${version}">
    <name lang="en">domainsync (${staged.arch})</name>
    <name lang="ru">domainsync (${staged.arch})</name>
    <descr lang="en">Executes every DNS change at the provider's central DNS at the same moment: both or neither</descr>
    <descr lang="ru">Каждое изменение DNS сразу выполняет и на центральном DNS провайдера: либо на обеих сторонах, либо ни на одной</descr>
    <url>${baseUrl}${archiveName(version, staged)}</url>
    <manager>ispmgr</manager>
  </plugin>
`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plugins>\n${plugins.join('')}</plugins>\n`;
}

/**
 * Returns a base address in the form that {@link extensionSource} takes. Pure.
 * @throws {Error} if it is no https address. Root runs the downloaded files, so plain http is not safe
 * enough.
 */
export function checkedBaseUrl(text: string): string {
  if (text === '') return '';
  const url = URL.parse(text);
  if (url === null) throw new Error(`--base-url: ${text} is no address`);
  if (url.protocol !== 'https:') {
    throw new Error(
      `--base-url: ${text} does not begin with https://. A panel runs as root what it loads from there, ` +
        'and over http anybody on the way can replace it.',
    );
  }
  if (/["&<>?#]/u.test(text) || url.username !== '' || url.password !== '')
    throw new Error(`--base-url: ${text} has a user, a query or a character that does not belong there`);
  return text.endsWith('/') ? text : `${text}/`;
}
