// The console blocks of a document: commands, and what each prints.
export interface Step {
  command: string;
  exitCode: number;
  expected: string[];
}

/** The commands of all console blocks, with what follows each. `# exit code N` is the one that is expected. */
export function stepsOf(text: string): Step[] {
  return [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...expected] = part.trimEnd().split('\n');
        return { command, expected, exitCode: Number(/# exit code (\d)$/.exec(command)?.[1] ?? 0) };
      }),
  );
}

/** A line of a document, in which 8443 stands for the port: `…` is anything, and columns may be wider. */
function pattern(line: string, port: number): RegExp {
  const parts = line.replaceAll('8443', String(port)).split('…');
  const quoted = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ {2,}/g, ' {2,}'));
  return new RegExp(`^${quoted.join('.*')}$`);
}

/** The expected lines that are missing in what was printed, or that stand in another order. */
export function missingLines(expected: readonly string[], printed: string, port: number): string[] {
  const lines = printed.split('\n');
  return expected.filter((each) => {
    const at = lines.findIndex((one) => pattern(each, port).test(one));
    lines.splice(0, at + 1);
    return at < 0;
  });
}
