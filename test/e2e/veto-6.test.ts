import { testWays, type Way } from './veto.ts';

const edit = 'func=domain.record.edit&plid=example.org&elid=&name=NAME&rtype=a&ip=192.0.2.1';
const create = 'func=domain.edit&elid=&name=NAME.example&ip=192.0.2.1';
const leftOut = { nulToHandlers: 'left-out' } as const;
const anySok = { repeatedSok: 'any' } as const;
const redraws = { redrawSaves: true } as const;

const get = (title: string, parameters: string, more: Partial<Way> = {}): Way => ({
  title,
  method: 'GET',
  parameters,
  outcome: 'made',
  ...more,
});

testWays(
  { panel: 'v6', central: 'knot' },
  {
    records: [
      get('a plain save', `${edit}&sok=ok`),
      get('a NUL octet in sok', `${edit}&sok=%00ok`),
      get('the same, left out for it', `${edit}&sok=%00ok`, { switches: leftOut }),
      get('the same in a body', `${edit}&sok=%00ok`, { method: 'POST', outcome: 'refused' }),
      get('an empty sok after one', `${edit}&sok=ok&sok=`, { switches: anySok }),
      get('the same in a body', `${edit}&sok=ok&sok=`, {
        method: 'POST',
        switches: anySok,
        outcome: 'refused',
      }),
      get('sv_field', `${edit}&sv_field=rtype&sok=ok`, { switches: redraws }),
      get('two addresses', `${edit}&sok=ok&ip=192.0.2.2`, { outcome: 'refused' }),
    ],
    zones: [
      get('as it should be', `${create}&sok=ok`),
      get('called a copy', `${create}&dtype=slave&sok=ok`),
      get('with a list of elements', `${create}&elids=x&sok=ok`),
      get('with a NUL octet in sok', `${create}&sok=%00ok`),
      get('the same in a body', `${create}&sok=%00ok`, { method: 'POST' }),
    ],
    unseen: [
      get('a sok in a body that is left out for its NUL octet', `${edit}&sok=%00ok`, {
        method: 'POST',
        switches: leftOut,
      }),
    ],
  },
);
