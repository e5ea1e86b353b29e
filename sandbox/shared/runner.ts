import { errorOf } from './merge.ts';
import { Refusal, badValue, internal } from './refusal.ts';
import { element } from './xml.ts';
import { demandAccess, ok } from './functions/common.ts';
import type { Event } from './event.ts';
import type { Events } from './events.ts';
import type { Call, PanelFunction } from './functions/common.ts';
import type { Params } from './params.ts';
import type { Undo } from './store.ts';
import type { LocalFailure } from './switches.ts';
import type { Element } from './xml.ts';
import type { World } from './zones.ts';

/** The document of a call, and a function that undoes the call's changes. */
interface Done {
  readonly doc: Element;
  readonly undo: Undo;
}

const nothing = (): void => undefined;

/**
 * Runs functions with the handlers around them, and the calls that functions make inside the panel
 * (docs/protocol.md#other-functions, #stages-4, #stages-5).
 */
export class Runner {
  readonly #world: World;
  readonly #events: Events;
  readonly #functions: ReadonlyMap<string, PanelFunction>;
  #stopped = false;

  constructor(world: World, events: Events, functions: ReadonlyMap<string, PanelFunction>) {
    this.#world = world;
    this.#events = events;
    this.#functions = functions;
  }

  /** Refuses every further call. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Runs a function of the panel: the `before` handlers, its own work, its inner calls, the `after` handlers.
   * @returns its document, or the first error; after an error nothing is changed, except by a group function
   * @throws Refusal when the function itself fails; nothing is changed then
   */
  async run(event: Event, builtIn: PanelFunction): Promise<Element> {
    const { doc } = await this.#do(event, builtIn, true);
    return doc;
  }

  /** Runs a function of a plugin, with the handlers that other plugins have registered for it. */
  async runPlugin(event: Event): Promise<Element> {
    const plugin = this.#events.pluginFunction(event.func);
    if (plugin === undefined) throw internal(`unknown function '${event.func}'`);
    this.#demandFields(event);
    const refused = await this.#events.before(event);
    if (refused !== null) return refused;
    this.#demandRunning();
    const doc = await this.#events.run(plugin, event);
    return errorOf(doc) === null ? await this.#events.after(event, doc) : doc;
  }

  /**
   * Checks the fields that the plugin's form declares with `empty="no"` (docs/protocol.md#description-4).
   * @throws Refusal with the name of an empty one
   */
  #demandFields(event: Event): void {
    if (!event.params.saved) return;
    const fields = this.#events.ui.forms.get(event.func) ?? [];
    const missing = fields.find(({ name, required }) => required === true && event.params.text(name) === '');
    if (missing !== undefined) throw badValue(missing.name);
  }

  #demandRunning(): void {
    if (this.#stopped) throw internal('the panel is stopped');
  }

  /** Carries out a call. @param fires whether handlers run for it */
  async #do(event: Event, builtIn: PanelFunction, fires: boolean): Promise<Done> {
    const { params, caller } = event;
    if (this.#world.switches.accessFirst) demandAccess({ ...this.#world, params, caller }, event.func);
    const refused = fires ? await this.#events.before(event) : null;
    if (refused !== null) return { doc: refused, undo: nothing };
    this.#demandRunning();
    const done = await this.#work(event, builtIn);
    if (!fires || errorOf(done.doc) !== null) return done;
    const doc = await this.#events.after(event, done.doc);
    const takenBack = errorOf(doc) !== null && this.#world.switches.undoAfterError;
    if (takenBack) done.undo();
    return { doc, undo: takenBack ? nothing : done.undo };
  }

  async #work(event: Event, builtIn: PanelFunction): Promise<Done> {
    const { func, caller } = event;
    const { switches } = this.#world;
    const params = switches.repeatedSok === 'any' ? event.params.withSavingSok() : event.params;
    const call: Call = { ...this.#world, params, caller };
    fail(switches.failLocal[func]);
    const isWrite = params.saved || func.endsWith('.delete');
    if (isWrite && switches.noEffect.includes(func)) return { doc: ok(), undo: nothing };
    const undos: Undo[] = [];
    const undo = (): void => {
      for (const step of undos.splice(0).toReversed()) step();
    };
    try {
      let doc = element('doc');
      undos.push(
        this.#world.store.record(() => {
          doc = builtIn.run(call);
        }),
      );
      if (errorOf(doc) !== null) return { doc, undo };
      const refused = await this.#inside(event, builtIn, call, undos);
      if (refused !== null) {
        undo();
        return { doc: refused, undo: nothing };
      }
      if (isWrite) fail(switches.failOuter[func]);
      return { doc, undo };
    } catch (error) {
      undo();
      throw error;
    }
  }

  /**
   * Runs the inner calls of a function one after the other, and stops at the first error.
   * @returns that error; null: all calls succeeded
   */
  async #inside(event: Event, builtIn: PanelFunction, call: Call, undos: Undo[]): Promise<Element | null> {
    const fires = builtIn.alwaysFires?.(call) === true || this.#world.switches.fireNested;
    const calls = builtIn.inner?.(call);
    for (;;) {
      const params = this.#next(calls, undos);
      if (params === undefined) return null;
      const func = params.text('func');
      const inner = this.#functions.get(func);
      if (inner === undefined) throw internal(`unknown function '${func}'`);
      const done = await this.#do({ ...event, func, params, method: 'GET' }, inner, fires);
      undos.push(done.undo);
      const refused = errorOf(done.doc);
      if (refused !== null) return refused;
    }
  }

  /**
   * The next inner call; undefined: there is none left. What the function itself changes meanwhile can also
   * be undone.
   */
  #next(calls: Iterator<Params, void> | undefined, undos: Undo[]): Params | undefined {
    let params: Params | undefined;
    undos.push(
      this.#world.store.record(() => {
        params = calls?.next().value ?? undefined;
      }),
    );
    return params;
  }
}

function fail(failure: LocalFailure | undefined): void {
  if (failure === undefined || failure.count === 0) return;
  if (failure.count !== undefined) failure.count -= 1;
  throw new Refusal(failure.code, {}, failure.text ?? 'The operation failed');
}
