// Alternating rounds: whatever slows the machine down for a while slows all subjects down.
import type { Numbers } from './numbers.ts';

/** Runs `measure` for each subject in each round, in reversed order in odd ones; the results by round, for each subject. */
export async function alternate<Subject>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Numbers>,
): Promise<Map<Subject, Numbers[]>> {
  const results = new Map<Subject, Numbers[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      results.get(subject)?.push(await measure(subject, round));
    }
  }
  return results;
}
