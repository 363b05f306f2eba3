// All that one run has measured.

import type { Group, Row } from '../harness/rows.ts';
import { median } from '../harness/statistics.ts';

export class Results {
  readonly groups: Array<{ group: Group; rows: readonly Row[]; failure: string | undefined }> = [];

  /** @param failure - why there are no rows */
  add(group: Group, rows: readonly Row[], failure?: string): void {
    this.groups.push({ group, rows, failure });
  }

  /** One number of a subject, round by round; of a group with one situation, that may be left empty. */
  values(groupName: string, situation: string, subject: string, name: string): readonly number[] | undefined {
    const rows = this.groups.find(({ group }) => group.name === groupName)?.rows;
    const row = rows?.find((each) => each.subject === subject && (situation === '' || each.situation === situation));
    return row?.rounds.map((round) => round[name] ?? Number.NaN);
  }

  /** For a file: every number of every round, and the medians. */
  toJSON(): unknown {
    return this.groups.map(({ group, rows, failure }) => ({
      group: group.name,
      title: group.title,
      failure,
      rows: rows.map((row) => ({ ...row, medians: medians(row) })),
    }));
  }
}

function medians({ rounds }: Row): Record<string, number> {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name] ?? Number.NaN))]));
}
