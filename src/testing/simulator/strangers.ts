import type { DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import type { Chances } from './chances.ts';
import { administrator } from './edits.ts';
import type { EditOfRecords, Events, HistoryEvent } from './event.ts';
import { address, main } from './set-up.ts';
import type { World } from './world.ts';

/** Probability of an edit with strangers around it before a step of the mode `onetrip`. */
const often = 0.6;

/** What somebody else does at the central with the name of an edit. */
const deeds = [
  'same',
  'same',
  'takes old',
  'beside',
  'alias',
  'no alias',
  'nothing',
  'nothing',
  'nothing',
] as const;

type Deed = (typeof deeds)[number];

/**
 * Afterwards nobody writes what the edit brought. An engine that has undone the edit and still watches it
 * cannot tell such a record from its own.
 */
const laterDeeds = ['takes old', 'beside', 'alias', 'no alias', 'nothing', 'nothing', 'nothing'] as const;

/**
 * Makes edits of names at which somebody else writes at the central too: shortly before the edit, during it,
 * and after it. The others write the very record that the edit brings, take the one that it removes, or put
 * another one there. The agent may be killed in the middle, and the panel often refuses the edit.
 */
export class Strangers {
  readonly #world: World;
  readonly #chances: Chances;
  /** Last part of the address that the next edit brings. Each brings another one. */
  #next = 20;

  constructor(world: World, chances: Chances) {
    this.#world = world;
    this.#chances = chances;
  }

  /**
   * Yields the events before one step; often there are none.
   * @param step the beginning of the names of the random draws
   */
  *events(step: string): Events {
    if (!this.#chances.chance(`${step} strangers`, often)) return;
    const of = `${step} stranger`;
    const edit = this.#edit(of);
    const [{ remove, add } = { remove: null, add: null }] = edit.items;
    for (const when of ['before', 'during', 'after'] as const) {
      if (when === 'during') yield edit;
      const deed = this.#chances.pick(`${of} ${when} does`, when === 'after' ? laterDeeds : deeds);
      const pauses = when === 'before' ? [0, 20, 4_000] : [0, 1, 10, 25, 45, 400];
      const pause = this.#chances.pick(`${of} ${when} pause`, [0, ...pauses]);
      if (when !== 'before') yield pause;
      const write = this.#write(deed, remove, add);
      if (write !== null) yield write;
      if (when === 'before') yield pause;
    }
    if (!this.#chances.chance(`${of} kills`, 0.25)) return;
    yield { kind: 'kill' };
    yield this.#chances.pick(`${of} until start`, [10, 1_000, 20_000]);
    yield { kind: 'start' };
  }

  #edit(of: string): EditOfRecords {
    this.#next += 1;
    const host = this.#chances.pick(`${of} host`, ['www', 'ftp', 'old', 'new']);
    const shown = [...(this.#world.panel.visible(main)?.values() ?? [])];
    const there = shown.filter(({ name }) => name === address(main, host, 1).name);
    const isNew = this.#chances.chance(`${of} brings`, 0.4);
    const [first = null] = isNew ? [] : there;
    const removes = first !== null && this.#chances.chance(`${of} removes`, 0.3);
    const add = removes ? null : address(main, host, this.#next);
    const local = {
      refuses: this.#chances.chance(`${of} panel refuses`, 0.5),
      takes: this.#chances.pick(`${of} takes`, [1, 20, 200, 7_000]),
      afterLost: this.#chances.chance(`${of} after lost`, 0.1),
      visibleAfter: 0,
    };
    const items = [{ remove: first, add: add === null ? null : this.#world.timed(add) }];
    return { kind: 'edit', zone: main, items, actor: administrator, local };
  }

  #write(deed: Deed, remove: ResourceRecord | null, add: ResourceRecord | null): HistoryEvent | null {
    const name = (add ?? remove)?.name;
    if (name === undefined || deed === 'nothing') return null;
    const written = { kind: 'central-write', central: 1, zone: main } as const;
    switch (deed) {
      case 'same':
        return add === null ? null : { ...written, remove: null, add };
      case 'takes old':
        return remove === null ? null : { ...written, remove, add: null };
      case 'beside':
        return { ...written, remove, add: this.#world.timed(address(main, name, 77)) };
      case 'alias':
        return { ...written, remove: null, add: this.#world.timed(aliasAt(name)) };
      case 'no alias':
        return { ...written, remove: aliasAt(name), add: null };
    }
  }
}

function aliasAt(name: DnsName): ResourceRecord {
  return makeRecord({ name, type: 'CNAME', rdata: 'stranger.example.net.' }, main);
}
