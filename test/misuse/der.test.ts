// Hostile DER and PEM: mutants of real sessions of both protocol versions, with and without tickets, with a client
// certificate, ALPN, a server name and ticket application data. What libssl takes is then used by a client, from a
// cache, from a get callback and as a pre-shared key.
import test from 'ava';
import { report } from './children.ts';

const SEEDS = [1, 2, 3, 4];
const MUTANTS = 10_000;

for (const seed of SEEDS) {
  test.serial(`${MUTANTS} mutants of seed ${seed}`, async (t) => {
    const { calls = 0, accepted = 0, handshakes = 0, resumed = 0 } = await report(t, 'der.ts', [seed, MUTANTS]);
    t.is(calls, MUTANTS);
    // Or else they are not worth their time.
    t.true(
      accepted > MUTANTS / 20 && handshakes > MUTANTS / 20 && resumed > MUTANTS / 200,
      `${accepted} accepted, ${handshakes} handshakes, ${resumed} resumed`,
    );
  });
}
