import type { Argument, Command, Option } from 'commander';
import { agentNames, approvalIds, configKeys, profileNames, runIds } from './values';

/** A word that may come next, and what it means. */
export interface Candidate {
  word: string;
  about?: string;
}

/** What is known of the line besides the word that is being written. */
export interface Line {
  /** Global flags given so far, e.g. `project`. */
  given: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
}

type Source = (line: Line) => string[] | Promise<string[]>;

const OPTION_VALUES: Readonly<Record<string, Source>> = {
  '--agent': agentNames,
  '--profile': profileNames,
  '--in-profile': profileNames,
  '--status': () => ['running', 'waiting', 'completed', 'stopped', 'failed', 'cancelled'],
};
const ARGUMENT_VALUES: Readonly<Record<string, Source>> = {
  'run agent': agentNames,
  'chat agent': agentNames,
  'agent show name': agentNames,
  'completion shell': () => ['bash', 'zsh', 'fish'],
  'config get key': configKeys,
  'config set key': configKeys,
};

/**
 * What may stand in the place of the last word.
 * @param words what has been written after the program's name; the last may be empty.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const { command, option, given, places } = walk(program, words.slice(0, -1));
  const line = { given, env };
  return (await candidates(command, option, places, current, line)).filter(({ word }) => word.startsWith(current));
}

async function candidates(
  command: Command,
  option: Option | undefined,
  places: number,
  current: string,
  line: Line,
): Promise<Candidate[]> {
  if (option) return plain(await OPTION_VALUES[option.long ?? '']?.(line));
  if (current.startsWith('-')) return flagsOf(command);
  const below = command.commands.filter((child) => !isHidden(child));
  if (below.length > 0) return below.map((child) => ({ word: child.name(), about: child.description() }));
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[places] ?? (last?.variadic ? last : undefined);
  return argument ? plain(await sourceOf(command, argument)?.(line)) : [];
}

function sourceOf(command: Command, argument: Argument): Source | undefined {
  const path = pathOf(command);
  // Every command below `runs` that names a run calls it so.
  if (path.startsWith('runs ') && argument.name() === 'id') return runIds;
  if (path.startsWith('approvals ') && argument.name() === 'id') return approvalIds;
  return ARGUMENT_VALUES[`${path} ${argument.name()}`];
}

function pathOf(command: Command): string {
  return command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** Follows the words to the command they name. */
function walk(program: Command, words: readonly string[]) {
  let command = program;
  let option: Option | undefined;
  let places = 0;
  const given: Record<string, string> = {};
  for (const word of words) {
    if (option) {
      given[option.attributeName()] = word;
      option = undefined;
      continue;
    }
    const known = optionsOf(command).find(({ long, short }) => word === long || word === short);
    const child = command.commands.find((one) => one.name() === word);
    if (known) option = known.required || known.optional ? known : undefined;
    else if (child) command = child;
    else if (!word.startsWith('-')) places += 1;
  }
  return { command, option, places, given };
}

function optionsOf(command: Command): Option[] {
  return [...command.options, ...(command.parent ? optionsOf(command.parent) : [])];
}

function flagsOf(command: Command): Candidate[] {
  const flags = optionsOf(command).flatMap(({ long, description, hidden }) =>
    long && !hidden ? [{ word: long, about: description }] : [],
  );
  return [...flags, { word: '--help', about: 'what it does, with all options' }];
}

function isHidden(command: Command): boolean {
  return (command as Command & { _hidden?: boolean })._hidden === true;
}

function plain(words: readonly string[] = []): Candidate[] {
  return words.map((word) => ({ word }));
}
