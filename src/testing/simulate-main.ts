/**
 * Plays seeded histories of the engine: `npm run simulate -- [how many] [first seed] [ttl | names | signed | two | users | above]`; with
 * `ttl` both sides keep a TTL for each record, with `names` the central cannot read whole zones, with `signed` it signs every zone, with
 * `two` the panel has a second one, with `users` several users edit, one of whom may not, with `above` the zone that comes and goes lies
 * below another that answers its names. Prints the story of the first history that
 * breaks a law and exits 1; prints how many were played otherwise.
 */
import { playHistory } from './simulator/history.ts';

const count = Number(process.argv[2] ?? 1_000);
const first = Number(process.argv[3] ?? 1);
let broken = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const mode = process.argv[4];
  const { violations, log } = await playHistory(
    seed,
    {},
    {
      ttls: mode === 'ttl',
      byName: mode === 'names',
      signed: mode === 'signed',
      two: mode === 'two',
      above: mode === 'above',
      users: mode === 'users',
    },
  );
  if (violations.length === 0) continue;
  broken += 1;
  if (broken === 1) {
    console.log(log.join('\n'));
    for (const { law, text } of violations) console.log(`VIOLATION ${law}: ${text}`);
  }
  console.log(
    `seed ${seed}: ${violations.length} violations: ${violations[0]?.law ?? ''} ${violations[0]?.text ?? ''}`,
  );
}
console.log(`${count} histories, ${broken} broken`);
process.exitCode = broken > 0 ? 1 : 0;
