import { internal } from '../shared/refusal.ts';
import { element } from '../shared/xml.ts';
import type { FunctionGroup } from '../shared/function-group.ts';
import type { Params } from '../shared/params.ts';
import type { EventHook } from '../shared/plugins.ts';
import type { Element } from '../shared/xml.ts';

/**
 * `eventlist` of ISPmanager 6: lists the handlers that are registered for each function
 * (docs/protocol.md#eventlist). We invented its columns, because no real answer is known.
 */
export class EventList implements FunctionGroup {
  readonly #registered: () => readonly EventHook[];

  constructor(registered: () => readonly EventHook[]) {
    this.#registered = registered;
  }

  handles(func: string): boolean {
    return func === 'eventlist';
  }

  /** Carries out the function. @throws Refusal for a function other than `eventlist` */
  run(func: string, _params: Params, _lang: string): Element {
    if (!this.handles(func)) throw internal(`unknown function '${func}'`);
    const rows = this.#registered().flatMap((hook) =>
      hook.stages.map((stage) => {
        const cells = { name: hook.func, handler: hook.handler.name, stage };
        return element(
          'elem',
          Object.entries(cells).map(([key, value]) => element(key, value)),
        );
      }),
    );
    return element('doc', rows);
  }
}
