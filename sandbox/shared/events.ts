import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Handlers } from './handlers.ts';
import { errorOf, mergeDocuments, mergeForm, readOutput, withoutInput } from './merge.ts';
import { toPunycode, toUnicode } from './names.ts';
import { Pipes } from './pipes.ts';
import { cacheFolder, hooksFor, readPlugins } from './plugins.ts';
import { internal, refusalDocument } from './refusal.ts';
import { element, writeXml } from './xml.ts';
import type { Event } from './event.ts';
import type { Ending } from './handlers.ts';
import type { Log } from './log.ts';
import type { Param, Params } from './params.ts';
import type { EventHook, Handler, PluginFunction, Plugins } from './plugins.ts';
import type { Stage } from './types.ts';
import type { Profile } from './profile.ts';
import type { PluginUi } from './plugin-ui.ts';
import type { Switches } from './switches.ts';
import type { Element } from './xml.ts';

interface Settings {
  readonly root: string;
  readonly switches: Switches;
  readonly log: Log;
  readonly env: Readonly<Record<string, string>>;
  readonly profile: Profile;
}

/** What is needed to start a handler. */
type Started = Pick<EventHook, 'handler' | 'postdata'>;

interface Caller {
  readonly name: string;
  readonly level: string;
}

interface CgiInput {
  readonly env: Readonly<Record<string, string>>;
  readonly body: string;
}

const NAME_FIELDS: ReadonlySet<string> = new Set(['name', 'plid', 'elid', 'domain', 'alias']);

function convertName(entry: Param, func: string, convert: (name: string) => string): string {
  if (!NAME_FIELDS.has(entry.name)) return entry.value;
  // A record's key begins with the owner name. The rest of the key is data.
  const isKey = entry.name === 'elid' && /^domain\.(?:sublist|record)\./u.test(func);
  return entry.value.replace(isKey ? /^\S+/u : /[^\s,]+/gu, convert);
}

/**
 * Runs plugins: reads what they register, starts their handlers and merges the answers
 * (docs/protocol.md#handlers-4, #handlers-5).
 */
export class Events {
  readonly #settings: Settings;
  readonly #pipes = new Pipes();
  readonly #handlers = new Handlers(this.#pipes);
  #known: Plugins;
  readonly #finals = new Set<Promise<Ending>>();
  #blocking = 0;
  #waiting: (() => void)[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#known = this.#read();
  }

  /**
   * Reads the description files, as a panel does when it starts. Later changes of the files have no effect
   * until the next restart.
   */
  restart(): void {
    this.#known = this.#read();
  }

  #read(): Plugins {
    const { root, log, profile, switches } = this.#settings;
    return readPlugins(root, log, profile.plugins, switches.xmlCache);
  }

  /**
   * Removes the copies of the description files, so that the next restart reads the files themselves
   * (docs/protocol.md#files-5).
   */
  clearCache(): void {
    rmSync(cacheFolder(this.#settings.root), { recursive: true, force: true });
  }

  pluginFunction(name: string): PluginFunction | undefined {
    return this.#known.functions.get(name);
  }

  /** The registered handlers, in the order in which they run. */
  get registered(): readonly EventHook[] {
    return this.#known.events;
  }

  /** Forms, menu entries and texts of the plugins. */
  get ui(): PluginUi {
    return this.#known.ui;
  }

  /**
   * Waits until no `before`, `after` or function handler is running. While one is running, the panel takes no
   * calls (docs/protocol.md#stages-4).
   */
  async idle(): Promise<void> {
    while (this.#blocking > 0 && this.#settings.switches.blockNested) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /**
   * Runs the `before` handlers of an event.
   * @returns the error of the first handler that refuses; null: all accept
   */
  async before(event: Event): Promise<Element | null> {
    for (const hook of hooksFor(this.#known, event.func, 'before')) {
      const { handler } = hook;
      const ending = await this.#block(() => this.#start(hook, event, 'before', element('doc')));
      if (ending.kind === 'killed' && this.#settings.switches.killedBefore === 'go-on') continue;
      const refused = errorOf(this.#document(handler, event, ending));
      if (refused !== null) return refused;
    }
    return null;
  }

  /**
   * Runs the `after` handlers. Each gets the document that the one before it returned.
   * @returns the last document; if a handler returns an error, that error
   */
  async after(event: Event, doc: Element): Promise<Element> {
    let result = doc;
    for (const hook of hooksFor(this.#known, event.func, 'after')) {
      result = await this.#merge(hook, event, 'after', result);
      if (errorOf(result) !== null) return result;
    }
    return result;
  }

  /** Starts the `final` handlers. The panel neither waits for them nor reads their output. */
  final(event: Event): void {
    for (const hook of hooksFor(this.#known, event.func, 'final')) {
      const running = this.#start(hook, event, 'final', element('doc'));
      this.#finals.add(running);
      void running.then(() => this.#finals.delete(running));
    }
  }

  /**
   * Runs a function of a plugin.
   * @returns its whole document; if it has an error, its values are kept too
   *   (docs/protocol.md#original-plugin)
   */
  async run(plugin: PluginFunction, event: Event): Promise<Element> {
    const { handler } = plugin;
    const start = (): Promise<Ending> => this.#start(plugin, event, null, element('doc'));
    const ending = await (this.#settings.profile.plugins.functionsBlock ? this.#block(start) : start());
    const said = this.#document(handler, event, ending);
    return handler.type === 'xml' ? withoutInput(said) : mergeForm(said);
  }

  /** Kills all running handlers and waits for their end. */
  async stop(): Promise<void> {
    this.#handlers.killAll();
    await Promise.all(this.#finals);
    this.#pipes.remove();
  }

  async #merge(hook: EventHook, event: Event, stage: Stage, doc: Element): Promise<Element> {
    const { handler } = hook;
    const ending = await this.#block(() => this.#start(hook, event, stage, doc));
    const said = this.#document(handler, event, ending);
    const error = errorOf(said);
    if (error !== null) return error;
    return handler.type === 'xml' ? withoutInput(said) : mergeDocuments(doc, said);
  }

  async #block(work: () => Promise<Ending>): Promise<Ending> {
    this.#blocking += 1;
    try {
      return await work();
    } finally {
      this.#blocking -= 1;
      if (this.#blocking === 0) for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** The document that a handler printed. If it cannot be used, an error document of the panel. */
  #document(handler: Handler, event: Event, ending: Ending): Element {
    const { log, switches, profile } = this.#settings;
    const { skipsToDocument } = profile.plugins;
    const text = `${handler.name} plugin terminated with an error or returned an invalid XML`;
    const broken = (reason: string): Element => {
      log.write('ERROR', `Handler ${handler.name}: ${reason}`);
      return refusalDocument(internal(text), switches.errorTexts);
    };
    if (ending.kind !== 'exited') return broken(ending.reason);
    if (ending.status !== 0 && switches.exitStatus === 'error') return broken(`exit status ${ending.status}`);
    // If the caller asked for text, panels accept plain words from a program
    // (docs/protocol.md#original-plugin, #handlers-4).
    const isWords = event.params.get('out') === 'text' && !ending.output.includes('<');
    if (skipsToDocument && isWords) return element('doc');
    try {
      return readOutput(ending.output, skipsToDocument);
    } catch (error) {
      return broken(`${String(error)}: ${ending.output.slice(0, 500)}`);
    }
  }

  #start(hook: Started, event: Event, stage: Stage | null, doc: Element): Promise<Ending> {
    const { root, switches, log, profile } = this.#settings;
    const { handler } = hook;
    const shown = this.#shown(event);
    const level = profile.levelShown(event.caller);
    const { env, body } = this.#cgi(hook, shown, event);
    return this.#handlers.run({
      path: join(root, 'addon', handler.name),
      cwd: root,
      env: {
        ...profile.plugins.environment({ ...event, params: shown }, stage, switches),
        ...env,
        ...this.#settings.env,
      },
      input:
        handler.type === 'xml'
          ? writeXml(inputDocument({ name: event.caller.name, level }, shown, doc))
          : body,
      timeoutMs: switches.handlerTimeoutMs,
      log: log.descriptor,
      forbiddenMode: switches.strictModes ? profile.plugins.forbiddenMode : 0,
    });
  }

  /**
   * Makes the environment and the body for a handler, as for a CGI program (docs/protocol.md#handlers-4,
   * #handlers-5).
   */
  #cgi({ handler, postdata }: Started, shown: Params, { method, headers }: Event): CgiInput {
    const { switches, profile } = this.#settings;
    const { bodyOnRequest } = profile.plugins;
    const asGet = switches.deliver === 'get' || (switches.deliver === 'as-requested' && method === 'GET');
    const body = switches.deliver === 'post' ? shown.encode() : shown.encode('body');
    const query = switches.deliver === 'post' ? '' : shown.encode('query');
    if (bodyOnRequest && handler.type === 'xml') return { env: {}, body: '' };
    if (bodyOnRequest && !postdata)
      return { env: { QUERY_STRING: asGet ? shown.encode() : query }, body: '' };
    if (asGet) return { env: { REQUEST_METHOD: 'GET', QUERY_STRING: shown.encode() }, body: '' };
    const env = {
      REQUEST_METHOD: 'POST',
      QUERY_STRING: query,
      CONTENT_TYPE: 'application/x-www-form-urlencoded',
    };
    const counted = String(Buffer.byteLength(body));
    const length = switches.lengthToHandlers === 'counted' ? counted : headers['content-length'];
    return { env: length === undefined ? env : { ...env, CONTENT_LENGTH: length }, body };
  }

  #shown(event: Event): Params {
    const { stripAuth, handlerNames } = this.#settings.switches;
    const shown = stripAuth ? event.params.without('auth', 'authinfo', 'su') : event.params;
    if (handlerNames === 'as-sent') return shown;
    const convert = handlerNames === 'unicode' ? toUnicode : toPunycode;
    return shown.mapValues((entry) => convertName(entry, event.func, convert));
  }
}

/**
 * Makes the document that an `xml` handler reads: the caller, the parameters, and the panel's own document
 * (docs/protocol.md#handlers-4).
 */
function inputDocument(caller: Caller, shown: Params, doc: Element): Element {
  const named = shown.entries.filter((entry) => /^[A-Za-z_][\w.-]*$/u.test(entry.name));
  const params = named.map((entry) => element(entry.name, entry.value));
  const attributes = { ...doc.attributes, user: caller.name, level: caller.level };
  return element('doc', [element('params', params), ...doc.children], attributes);
}
