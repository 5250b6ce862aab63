import type { Command } from 'commander';
import type { RateOptions } from '../../../client';
import { positiveInteger, WHY } from '../flags';

interface RateFlags extends RateOptions {
  reason?: string;
}

/** Whose agents: of every command that looks into a registry. */
export function withRegistry(command: Command): Command {
  return command.option('--registry <name>', 'default: as the settings say, else default');
}

/** What people do to the registry of agents; workers enter their agents by themselves. */
export function registerAgentRegistry(agent: Command): void {
  withRegistry(agent.command('register').description('enter agents of this project, or change what is known of them'))
    .argument('[name...]', 'default: all of them')
    .option('--queue <task-queue>', 'whose workers serve them (default: nobody says so)')
    .option('--if-version <n>', 'refused where it has another one by now', positiveInteger)
    .option(...WHY)
    .action(async (names: string[], flags: { queue?: string; ifVersion?: number; reason?: string }, self: Command) => {
      const { onRegistry, entriesFor } = require('../registry') as typeof import('../registry');
      const { queue, ifVersion, reason } = flags;
      const entries = await entriesFor(self, names);
      const options = {
        ...(queue !== undefined && { queue }),
        ...(ifVersion !== undefined && { ifVersion }),
        ...(reason !== undefined && { reason }),
      };
      await onRegistry(
        self,
        (agents) => agents.register(entries, options),
        ({ added, updated, unchanged }) => `${added} added, ${updated} updated, ${unchanged} as they were`,
      );
    });
  change(agent, 'remove', 'forget an agent, with all that is known of it', 'is removed', (agents, name, actor) =>
    agents.remove(name, actor),
  );
  change(
    agent,
    'pause',
    'choose an agent no more; what it runs goes on',
    'is not chosen any more',
    (agents, name, actor) => agents.pause(name, actor),
  );
  change(agent, 'resume', 'choose it again', 'may be chosen', (agents, name, actor) => agents.resume(name, actor));
  withRegistry(agent.command('rate').description('say what you think of an agent’s work; it counts in its reputation'))
    .argument('<name>')
    .option('--stars <n>', '1 to 5', positiveInteger)
    .option('--violation', 'it broke a rule')
    .option('--run <id>', 'the run that is meant')
    .option(...WHY)
    .action(async (name: string, { stars, violation, run, reason }: RateFlags, self: Command) => {
      const { onRegistry } = require('../registry') as typeof import('../registry');
      const rating: RateOptions = {
        ...(stars !== undefined && { stars }),
        ...(violation && { violation: true as const }),
        ...(run !== undefined && { run }),
        ...(reason !== undefined && { reason }),
      };
      await onRegistry(
        self,
        async (agents) => {
          await agents.rate(name, rating);
          return agents.get(name);
        },
        ({ score }) => `${name} is rated; its reputation is ${score.toFixed(2)}`,
      );
    });
}

type Act = (agents: import('../../../client').Agents, name: string, actor: { reason?: string }) => Promise<void>;

function change(agent: Command, name: string, description: string, done: string, act: Act): void {
  withRegistry(agent.command(name).description(description))
    .argument('<name>')
    .option(...WHY)
    .action(async (given: string, { reason }: { reason?: string }, self: Command) => {
      const { onRegistry } = require('../registry') as typeof import('../registry');
      await onRegistry(
        self,
        async (agents) => {
          await act(agents, given, reason === undefined ? {} : { reason });
          return { agent: given, action: name };
        },
        () => `${given} ${done}`,
      );
    });
}
