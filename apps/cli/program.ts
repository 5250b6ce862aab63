import { Command, CommanderError } from 'commander';
import { registerAgent } from './commands/agent';
import { registerApprovals } from './commands/approvals';
import { registerBudget } from './commands/budget';
import { registerChat } from './commands/chat';
import { registerCompletion } from './commands/completion';
import { registerConfig } from './commands/config';
import { registerCreate } from './commands/create';
import { registerDead } from './commands/dead';
import { registerDev } from './commands/dev';
import { registerDoctor } from './commands/doctor';
import { registerInit } from './commands/init';
import { registerRun } from './commands/run';
import { registerRuns } from './commands/runs';
import { registerSchedule } from './commands/schedule';
import { registerStart } from './commands/start';
import { registerTask } from './commands/task';
import { registerWorker } from './commands/worker';
import { EXIT } from './exit-codes';
import type { Output } from './output';

/** Nothing heavy is loaded here or by the commands' files: each loads what it needs when it runs. */
export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('Durable, governed work by AI agents, on Temporal.')
    .version(version(), '-V, --version', 'print the version')
    .option('--project <dir>', 'folder with agents/ and tools/ (default: the current one)')
    .option(
      '--home <dir>',
      'folder of the database, workspaces and artifacts (default: HOLDFAST_HOME, else .holdfast in the project)',
    )
    .option('--address <host:port>', 'Temporal server to use (default: TEMPORAL_ADDRESS, else the one of this home)')
    .option('--namespace <name>', 'Temporal namespace (default: TEMPORAL_NAMESPACE, else default)')
    .option('--profile <name>', 'profile of the settings (default: HOLDFAST_PROFILE, else development)')
    .option('--json', 'data on stdout as JSON, everything else on stderr')
    .option('-q, --quiet', 'no progress, only results and errors')
    .option('-v, --verbose', 'phases, debug lines and stack traces')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError();
  for (const register of COMMANDS) register(program);
  return program;
}

const COMMANDS = [
  registerStart,
  registerDev,
  registerWorker,
  registerRun,
  registerChat,
  registerRuns,
  registerBudget,
  registerApprovals,
  registerSchedule,
  registerTask,
  registerDead,
  registerAgent,
  registerConfig,
  registerDoctor,
  registerInit,
  registerCreate,
  registerCompletion,
];

const EXAMPLES = `
Try:
  holdfast run assistant "What is 17% of 2,340?"
  holdfast run reporter "Report on the folder notes" --in notes
  holdfast dev`;

/** Runs one command line to its end. Never rejects. */
export async function main(argv: string[]): Promise<number> {
  if (!process.stdout.listeners('error').includes(ignoreClosedPipe)) process.stdout.on('error', ignoreClosedPipe);
  const program = createProgram();
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
  }
  try {
    await program.parseAsync(argv);
    return exitCode();
  } catch (error) {
    return error instanceof CommanderError
      ? usageExit(error, argv, program)
      : report(argv, (to, out) => to.reportError(error, out));
  }
}

/** What the command set; taken back, so that it is said once. */
function exitCode(): number {
  const code = Number(process.exitCode ?? EXIT.done);
  process.exitCode = undefined;
  return code;
}

/** `--help` and `--version` end in this way too. */
function usageExit(error: CommanderError, argv: string[], program: Command): number {
  if (error.exitCode === 0) return EXIT.done;
  if (error.code === 'commander.help') return EXIT.usage;
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `${commandOf(program, argv)} --help shows what there is.`;
  return report(argv, (to, out) => to.reportUsage({ message, hint }, out));
}

/** As much of the command as the line names, e.g. `holdfast budget create`. */
function commandOf(program: Command, argv: string[]): string {
  const names = [program.name()];
  let command: Command | undefined = program;
  for (const word of argv) {
    const next: Command | undefined = command.commands.find((child) => child.name() === word);
    if (next) names.push(next.name());
    command = next ?? command;
  }
  return names.join(' ');
}

type Reporter = typeof import('./report-error');

/** The flags are looked for in the line itself, because a line that cannot be parsed is reported in the same way. */
function report(argv: string[], print: (reporter: Reporter, out: Output) => number): number {
  const { Output } = require('./output') as typeof import('./output');
  const reporter = require('./report-error') as Reporter;
  const verbose = argv.includes('--verbose') || argv.includes('-v');
  return print(reporter, new Output({ json: argv.includes('--json'), verbose }));
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

/** Whoever reads our output may stop reading, as `head` does. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
}

function version(): string {
  const { version: own } = require('holdfast/package.json') as { version: string };
  return own;
}
