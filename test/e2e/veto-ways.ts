import type { Switches } from '../../sandbox/index.ts';

/** How a request is sent; `NAME` in its parameters stands for the name of the record that is to be made. */
export interface Way {
  readonly title: string;
  readonly method: 'GET' | 'POST';
  readonly parameters: string;
  readonly headers?: (body: string) => Readonly<Record<string, string>>;
  readonly switches?: Partial<Switches>;
  /** What comes of it while the central can be reached: made on both sides, or refused. */
  readonly outcome: 'made' | 'refused';
}

export interface Ways {
  /** A record is saved. */
  readonly records: readonly Way[];
  /** A zone is made, which the central leaves to the provider. */
  readonly zones: readonly Way[];
  /** What no handler can see, and is followed. */
  readonly unseen: readonly Way[];
}

/** How a generation names the same things. */
interface Words {
  /** A new record, and a new zone, that is not saved yet. */
  readonly edit: string;
  readonly create: string;
  /** The address field once more. */
  readonly second: string;
  /** The field whose change draws the form anew. */
  readonly redrawn: string;
  /** Switches of a panel that saves such a form. */
  readonly redraws: Partial<Switches>;
  /** What comes of a body whose last `sok` is empty: only version 4 hands bodies on. */
  readonly emptySokInBody: Way['outcome'];
  readonly more: Ways;
}

const anySok = { repeatedSok: 'any' } as const;

const get = (title: string, parameters: string, more: Partial<Way> = {}): Way => ({
  title,
  method: 'GET',
  parameters,
  outcome: 'made',
  ...more,
});

/** What both generations are sent, and what only this one is. */
function waysOf({ edit, create, second, redrawn, redraws, emptySokInBody, more }: Words): Ways {
  return {
    records: [
      get('a plain save', `${edit}&sok=ok`),
      get('a NUL octet in sok', `${edit}&sok=%00ok`),
      get('an empty sok after one', `${edit}&sok=ok&sok=`, { switches: anySok }),
      get('the same in a body', `${edit}&sok=ok&sok=`, {
        method: 'POST',
        switches: anySok,
        outcome: emptySokInBody,
      }),
      get('sv_field', `${edit}&sv_field=${redrawn}&sok=ok`, { switches: redraws }),
      get('two addresses', `${edit}&sok=ok&${second}`, { outcome: 'refused' }),
      ...more.records,
    ],
    zones: [
      get('as it should be', `${create}&sok=ok`),
      get('called a copy', `${create}&dtype=slave&sok=ok`),
      get('with a list of elements', `${create}&elids=x&sok=ok`),
      get('with a NUL octet in sok', `${create}&sok=%00ok`),
      ...more.zones,
    ],
    unseen: more.unseen,
  };
}

const create = 'func=domain.edit&elid=&name=NAME.example&ip=192.0.2.1';
const edit4 = 'func=domain.sublist.edit&plid=example.org&elid=&name=NAME&sdtype=A&addr=192.0.2.1';
const edit6 = 'func=domain.record.edit&plid=example.org&elid=&name=NAME&rtype=a&ip=192.0.2.1';
const asSent = { lengthToHandlers: 'as-sent' } as const;
const leftOut = { nulToHandlers: 'left-out' } as const;

/** ISPmanager 4 hands bodies and their headers on. */
export const waysOf4 = waysOf({
  edit: edit4,
  create,
  second: 'addr=192.0.2.2',
  redrawn: 'sdtype',
  redraws: {},
  emptySokInBody: 'made',
  more: {
    records: [
      get('a length with a zero before it', `${edit4}&sok=ok`, {
        method: 'POST',
        headers: (body) => ({ 'Content-Length': `0${body.length}` }),
        switches: asSent,
      }),
      get('a body without a length', `${edit4}&sok=ok`, {
        method: 'POST',
        headers: () => ({ 'Transfer-Encoding': 'chunked' }),
        switches: asSent,
      }),
      get('two functions', `func=domain&${edit4}&sok=ok`, { outcome: 'refused' }),
    ],
    zones: [],
    unseen: [],
  },
});

/** ISPmanager 6 hands parameters on in the environment, which ends at a NUL octet. */
export const waysOf6 = waysOf({
  edit: edit6,
  create,
  second: 'ip=192.0.2.2',
  redrawn: 'rtype',
  redraws: { redrawSaves: true },
  emptySokInBody: 'refused',
  more: {
    records: [
      get('a NUL octet in sok, left out for it', `${edit6}&sok=%00ok`, { switches: leftOut }),
      get('a NUL octet in sok, in a body', `${edit6}&sok=%00ok`, { method: 'POST', outcome: 'refused' }),
    ],
    zones: [get('with a NUL octet in sok, in a body', `${create}&sok=%00ok`, { method: 'POST' })],
    unseen: [
      get('a sok in a body that is left out for its NUL octet', `${edit6}&sok=%00ok`, {
        method: 'POST',
        switches: leftOut,
      }),
    ],
  },
});
