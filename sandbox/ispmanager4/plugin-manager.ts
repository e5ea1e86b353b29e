import { execFile } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fetchLocal, isHigher, localUrl, readSource } from './plugin-source.ts';
import { Refusal, exists, internal, missing } from '../shared/refusal.ts';
import { element } from '../shared/xml.ts';
import type { FunctionGroup } from '../shared/function-group.ts';
import type { Log } from '../shared/log.ts';
import type { Params } from '../shared/params.ts';
import type { Offer } from './plugin-source.ts';
import type { Element } from '../shared/xml.ts';

const run = promisify(execFile);
const NAME = /^[A-Za-z][\w-]{0,63}$/u;
const SCRIPT_TIMEOUT = 120_000;

/** What the manager stores about an installed plugin. */
interface Installed {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  /** Files and folders that came from the plugin's archive, relative to the panel's root. */
  readonly files: readonly string[];
}

interface Settings {
  readonly root: string;
  readonly log: Log;
  /** Makes the panel read its plugin files again. */
  readonly reload: () => void;
}

type Work = (params: Params, lang: string) => Element | Promise<Element>;

function ok(): Element {
  return element('doc', [element('ok')]);
}

/**
 * The pages "Server settings > Plugins", and their sources (docs/protocol.md#sources-4). The real names of
 * the functions are unknown, so `plugin*` and `pluginsrc*` are invented.
 */
export class PluginManager implements FunctionGroup {
  readonly #settings: Settings;
  readonly #functions: Readonly<Record<string, Work>> = {
    plugin: (_params, lang) => this.#list(lang),
    'plugin.install': (params) => this.#install(params.text('elid'), false),
    'plugin.update': (params) => this.#install(params.text('elid'), true),
    'plugin.delete': (params) => this.#delete(params.text('elid')),
    pluginsrc: () =>
      element(
        'doc',
        this.#sources().map((url) => element('elem', [element('url', url)])),
      ),
    'pluginsrc.edit': (params) => this.#addSource(params),
    'pluginsrc.delete': (params) => this.#dropSource(params.text('elid')),
  };

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  handles(func: string): boolean {
    return Object.hasOwn(this.#functions, func);
  }

  /** Runs a function of these pages. @throws Refusal like other panel functions */
  async run(func: string, params: Params, lang: string): Promise<Element> {
    const work = this.#functions[func];
    if (work === undefined) throw internal(`unknown function '${func}'`);
    return await work(params, lang);
  }

  get #folder(): string {
    return join(this.#settings.root, 'var/.plugins');
  }

  #sources(): string[] {
    const path = join(this.#folder, 'sources.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as string[]) : [];
  }

  #write(name: string, value: unknown): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, name), JSON.stringify(value));
  }

  async #addSource(params: Params): Promise<Element> {
    const url = params.text('url');
    if (!params.saved) return element('doc', [element('elid'), element('url')]);
    const source = localUrl(url).href;
    if (this.#sources().includes(source)) throw exists('url', source);
    await this.#offersOf(source);
    this.#write('sources.json', [...this.#sources(), source]);
    return ok();
  }

  #dropSource(url: string): Element {
    if (!this.#sources().includes(url)) throw missing('url', url);
    this.#write(
      'sources.json',
      this.#sources().filter((one) => one !== url),
    );
    return ok();
  }

  async #offersOf(source: string): Promise<Offer[]> {
    return readSource((await fetchLocal(new URL(source))).toString(), source);
  }

  /**
   * Finds the highest version of each plugin in all sources. A source that cannot be read counts as empty.
   */
  async #offers(): Promise<Map<string, Offer>> {
    const offers = new Map<string, Offer>();
    for (const source of this.#sources()) {
      try {
        for (const offer of await this.#offersOf(source)) {
          const known = offers.get(offer.name);
          if (known === undefined || isHigher(offer.version, known.version)) offers.set(offer.name, offer);
        }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#settings.log.write('WARN', `Plugin source ${source}: ${error.message}`);
      }
    }
    return offers;
  }

  #installed(name: string): Installed | null {
    const path = join(this.#folder, `${name}.json`);
    return NAME.test(name) && existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Installed) : null;
  }

  #allInstalled(): Installed[] {
    if (!existsSync(this.#folder)) return [];
    const names = readdirSync(this.#folder).filter((file) => file !== 'sources.json');
    return names.flatMap((file) => this.#installed(file.replace(/\.json$/u, '')) ?? []);
  }

  async #list(lang: string): Promise<Element> {
    const offers = await this.#offers();
    const here = new Map(this.#allInstalled().map((one) => [one.name, one]));
    const names = [...new Set([...here.keys(), ...offers.keys()])].sort();
    const rows = names.map((name) => {
      const [installed, offer] = [here.get(name), offers.get(name)];
      const cells = [element('name', name), element('descr', offer?.descr[lang] ?? offer?.descr['en'] ?? '')];
      if (installed !== undefined) cells.push(element('installed', installed.version));
      if (offer !== undefined) cells.push(element('available', offer.version));
      if (offer !== undefined && installed === undefined) cells.push(element('installable'));
      if (offer !== undefined && installed !== undefined && isHigher(offer.version, installed.version)) {
        cells.push(element('updatable'));
      }
      return element('elem', cells);
    });
    return element('doc', rows);
  }

  async #install(name: string, update: boolean): Promise<Element> {
    const offer = (await this.#offers()).get(name);
    const installed = this.#installed(name);
    if (offer === undefined || !NAME.test(name)) throw missing('plugin', name);
    if (!update && installed !== null) throw exists('plugin', name);
    if (update && (installed === null || !isHigher(offer.version, installed.version)))
      throw missing('update', name);
    const files = await this.#unpack(offer);
    try {
      await this.#script(name, 'postinstall');
    } catch (error) {
      const old = new Set(installed?.files ?? []);
      this.#remove(files.filter((file) => !old.has(file)));
      throw error;
    }
    const stale = (installed?.files ?? []).filter((file) => !files.includes(file));
    this.#remove(stale);
    this.#write(`${name}.json`, { name, version: offer.version, url: offer.url, files } satisfies Installed);
    this.#settings.reload();
    return ok();
  }

  /**
   * Unpacks a plugin's archive into the panel's root.
   * @returns paths of its files and folders; a folder's path ends with a slash
   */
  async #unpack(offer: Offer): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'plugin-'));
    const archive = join(folder, 'plugin.tar.gz');
    try {
      writeFileSync(archive, await fetchLocal(new URL(offer.url)));
      const { stdout } = await run('tar', ['-tzf', archive], { maxBuffer: 64 * 1024 * 1024 });
      const files = stdout
        .split('\n')
        .map((file) => file.replace(/^\.\//u, ''))
        .filter(Boolean);
      const outside = files.find((file) => file.startsWith('/') || file.split('/').includes('..'));
      if (outside !== undefined) throw new Refusal(9, {}, `The archive would write to ${outside}`);
      await run('tar', ['-xzf', archive, '-C', this.#settings.root, '--no-same-owner']);
      return files;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new Refusal(9, {}, `The archive cannot be unpacked: ${String(error)}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #script(name: string, stage: 'postinstall' | 'predelete'): Promise<void> {
    const { root, log } = this.#settings;
    const path = join(root, 'var/.plugin_scripts', `${name}_${stage}`);
    if (!existsSync(path)) return;
    try {
      const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
      const { stdout, stderr } = await run(path, [], { cwd: root, env, timeout: SCRIPT_TIMEOUT });
      log.write('INFO', `Plugin ${name}: ${stage} ${stdout}${stderr}`);
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      log.write('ERROR', `Plugin ${name}: ${stage} failed: ${said}`);
      throw new Refusal(9, {}, said === '' ? `The script ${stage} of ${name} failed` : said);
    }
  }

  async #delete(name: string): Promise<Element> {
    const installed = this.#installed(name);
    if (installed === null) throw missing('plugin', name);
    await this.#script(name, 'predelete');
    this.#remove(installed.files);
    rmSync(join(this.#folder, `${name}.json`));
    this.#settings.reload();
    return ok();
  }

  /** Removes files, and then folders that have become empty. */
  #remove(files: readonly string[]): void {
    const { root } = this.#settings;
    const folders = new Set<string>();
    for (const file of files) {
      const path = join(root, file);
      if (file.endsWith('/')) folders.add(path.replace(/\/$/u, ''));
      else rmSync(path, { force: true });
      for (let up = dirname(path); up.length > root.length; up = dirname(up)) folders.add(up);
    }
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
      const there = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
      // Folders of the panel itself stay even if they are empty (docs/protocol.md#files-4).
      const own = ['etc', 'addon', 'sbin', 'var', 'lib'].some((one) => folder === join(root, one));
      if (there && !own && readdirSync(folder).length === 0) rmdirSync(folder);
    }
  }
}
