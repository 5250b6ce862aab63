import { type Command, Option } from 'commander';
import type { FindOptions, RouteOptions } from '../../../client';
import { positiveInteger } from '../flags';
import { withRegistry } from './agent-registry';

interface FindFlags extends Omit<FindOptions, 'capability'> {
  can?: string;
}

interface RouteFlags extends Pick<RouteOptions, 'assign' | 'seed'> {
  queue?: string;
}

/** Looking into the registry of agents. */
export function registerAgentFind(agent: Command): void {
  withRegistry(agent.command('find').description('agents that are registered, of all projects and workers'))
    .argument('[text]', 'part of the name or the description')
    .option('--name <name>', 'the whole name')
    .option('--role <role>')
    .option('--can <capability>')
    .option('--tag <tag>')
    .addOption(new Option('--status <status>').choices(['active', 'paused', 'unserved', 'unregistered']))
    .option('--queue <task-queue>', 'served by the workers of this task queue')
    .option('--limit <n>', 'default 100', positiveInteger)
    .option('--after <name>', 'the next page: names after this one')
    .action(async (text: string | undefined, { can: capability, ...flags }: FindFlags, self: Command) => {
      const { onRegistry } = require('../registry') as typeof import('../registry');
      const { foundText } = require('../registry-text') as typeof import('../registry-text');
      const filter: FindOptions = { ...picked(flags), ...(capability && { capability }), ...(text && { text }) };
      await onRegistry(
        self,
        (agents) => agents.find(filter),
        (found, { style }) => foundText(found, style),
      );
    });
  withRegistry(agent.command('route').description('who should do a piece of work, on which task queue, and why'))
    .argument('<capability...>', 'all that is needed')
    .addOption(
      new Option('--assign <how>', 'default capability').choices([
        'capability',
        'round-robin',
        'least-loaded',
        'priority',
        'learned',
      ]),
    )
    .option('--queue <task-queue>', 'only agents that its workers serve')
    .option('--seed <text>', 'of learned: the same again for the same seed')
    .action(async (needs: string[], { assign, queue, seed }: RouteFlags, self: Command) => {
      const { onRegistry } = require('../registry') as typeof import('../registry');
      const options: RouteOptions = { needs, ...picked({ assign, queue, seed }) };
      await onRegistry(
        self,
        (agents) => agents.route(options),
        ({ agent: name, taskQueue, because }, { line }) =>
          `${name}\n  ${taskQueue === null ? 'served by nobody' : `on ${line(taskQueue)}`}\n  ${line(because)}`,
      );
    });
}

const KEYS = ['name', 'role', 'tag', 'status', 'queue', 'limit', 'after', 'assign', 'seed'] as const;

/** Without what is not said, and what every command has. */
function picked<Flags extends { [Key in (typeof KEYS)[number]]?: unknown }>(flags: Flags) {
  const given = KEYS.filter((key) => flags[key] !== undefined).map((key) => [key, flags[key]]);
  return Object.fromEntries(given) as { [Key in (typeof KEYS)[number] & keyof Flags]: NonNullable<Flags[Key]> };
}
