import type { Switches } from '../../sandbox/index.ts';

/**
 * A way to send a request to the panel. In the parameters, `NAME` is replaced by the name of the new record
 * or zone.
 */
export interface Way {
  readonly title: string;
  readonly method: 'GET' | 'POST';
  readonly parameters: string;
  readonly headers?: (body: string) => Readonly<Record<string, string>>;
  readonly switches?: Partial<Switches>;
  /**
   * The result while the central can be reached. `made`: both sides have the record or zone. `refused`:
   * neither has it.
   */
  readonly outcome: 'made' | 'refused';
}

export interface Ways {
  /** Requests that save a record. */
  readonly records: readonly Way[];
  /** Requests that create a zone. The central lets only the provider create zones. */
  readonly zones: readonly Way[];
  /** Requests whose save a handler cannot recognise. Only a comparison finds the change. */
  readonly unseen: readonly Way[];
}

/** The words in which one generation expresses the same requests: parameters, and switches of the sandbox. */
interface Words {
  /** Parameters of a new record (`edit`) and of a new zone (`create`), without `sok`. */
  readonly edit: string;
  readonly create: string;
  /** The address field with another value. A request with both must be refused. */
  readonly second: string;
  /** Field of the form. If a user changes it, browsers ask the panel to render the form again. */
  readonly redrawn: string;
  /** Switches for a sandbox that saves a form even if it only had to render it again. */
  readonly redraws: Partial<Switches>;
  /**
   * Result of a request whose body ends with an empty `sok`. Only ISPmanager 4 gives the body to handlers.
   */
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

/** The requests that the panels of both generations know, and those of the given generation only. */
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

/** The requests for ISPmanager 4. It gives the body and the headers to handlers. */
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

/**
 * The requests for ISPmanager 6. It gives the parameters to handlers as environment variables, in which a NUL
 * octet ends the value.
 */
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
