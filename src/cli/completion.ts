// Completion: the shells ask this program what may come next.
import type { Argument, Command, Option } from 'commander';
import { invalidValue } from '../errors.ts';
import { ExitCode } from './exit.ts';

// Where there is no word, the shell offers files.
const scripts: Readonly<Record<string, string>> = {
  bash: `_sslctx() {
  local IFS=$'\\n'
  COMPREPLY=($(sslctx __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sslctx sslctx
`,
  zsh: `#compdef sslctx
_sslctx() {
  local -a found
  found=(\${(f)"$(sslctx __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  (( \${#found} )) && compadd -a found || _files
}
compdef _sslctx sslctx
`,
  fish: `complete -c sslctx -a '(sslctx __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

export function script(shell: string): number {
  const text = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (text === undefined) throw invalidValue('shell', `must be one of ${Object.keys(scripts).join(', ')}`);
  process.stdout.write(text);
  return ExitCode.ok;
}

/** Prints what may stand in place of the last word. */
export function complete(program: Command, words: readonly string[]): number {
  const found = candidates(program, words.slice(0, -1)).filter((each) => each.startsWith(words.at(-1) ?? ''));
  if (found.length > 0) process.stdout.write(`${found.join('\n')}\n`);
  return ExitCode.ok;
}

function candidates(program: Command, before: readonly string[]): string[] {
  let command = program;
  const options = [...optionsOf(program)];
  let pending: Option | undefined;
  let count = 0;
  for (const word of before) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    const option = options.find(({ long, short }) => word === long || word === short);
    if (option !== undefined) {
      pending = option.required ? option : undefined;
      continue;
    }
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) count++;
    else {
      command = next;
      options.push(...optionsOf(next));
    }
  }
  if (pending !== undefined) return pending.argChoices ?? [];
  const names = command.createHelp().visibleCommands(command);
  const argument: Argument | undefined = command.registeredArguments[count];
  const flags = optionsOf(command).flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  return [...names.map((each) => each.name()), ...(argument?.argChoices ?? []), ...flags, '--help'];
}

function optionsOf(command: Command): readonly Option[] {
  return command.options;
}
