import { testWays, type Way } from './veto.ts';

const edit = 'func=domain.sublist.edit&plid=example.org&elid=&name=NAME&sdtype=A&addr=192.0.2.1';
const create = 'func=domain.edit&elid=&name=NAME.example&ip=192.0.2.1';
const asSent = { lengthToHandlers: 'as-sent' } as const;
const anySok = { repeatedSok: 'any' } as const;

const get = (title: string, parameters: string, more: Partial<Way> = {}): Way => ({
  title,
  method: 'GET',
  parameters,
  outcome: 'made',
  ...more,
});

testWays(
  { panel: 'v4', central: 'bind' },
  {
    records: [
      get('a plain save', `${edit}&sok=ok`),
      get('a length with a zero before it', `${edit}&sok=ok`, {
        method: 'POST',
        headers: (body) => ({ 'Content-Length': `0${body.length}` }),
        switches: asSent,
      }),
      get('a body without a length', `${edit}&sok=ok`, {
        method: 'POST',
        headers: () => ({ 'Transfer-Encoding': 'chunked' }),
        switches: asSent,
      }),
      get('a NUL octet in sok', `${edit}&sok=%00ok`),
      get('an empty sok after one', `${edit}&sok=ok&sok=`, { switches: anySok }),
      get('the same in a body', `${edit}&sok=ok&sok=`, { method: 'POST', switches: anySok }),
      get('sv_field', `${edit}&sv_field=sdtype&sok=ok`),
      get('two addresses', `${edit}&sok=ok&addr=192.0.2.2`, { outcome: 'refused' }),
      get('two functions', `func=domain&${edit}&sok=ok`, { outcome: 'refused' }),
    ],
    zones: [
      get('as it should be', `${create}&sok=ok`),
      get('called a copy', `${create}&dtype=slave&sok=ok`),
      get('with a list of elements', `${create}&elids=x&sok=ok`),
      get('with a NUL octet in sok', `${create}&sok=%00ok`),
    ],
    unseen: [],
  },
);
