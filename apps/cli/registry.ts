import type { Command } from 'commander';
import type { AgentEntry, Agents } from '../../client';
import { contextOf } from './context';
import { escapeLine } from './escape';
import { withLink } from './link';
import type { Style } from './style';

/** What a text for people is made with. */
export interface Shown {
  style: Style;
  line: (text: string) => string;
}

/** Asks the registry the command names, and prints what it answers. */
export async function onRegistry<Answer>(
  self: Command,
  ask: (agents: Agents) => Promise<Answer>,
  text: (answer: Answer, shown: Shown) => string,
): Promise<void> {
  const context = contextOf(self);
  const { out, config } = context;
  const { registry } = self.opts<{ registry?: string }>();
  const { registryOf } = require('../../workers/config/apply') as typeof import('../../workers/config/apply');
  const name = registry ?? registryOf(config.settings);
  const answer = await withLink(context, ({ holdfast }) => ask(holdfast.registry(name)));
  out.data(answer, () => text(answer, { style: out.style, line: (given) => escapeLine(given, 300) }));
}

/** The agents of this project as a registry is told of them. @throws HoldfastError `Agent.Unknown`. */
export async function entriesFor(self: Command, names: readonly string[]): Promise<AgentEntry[]> {
  const { describeAgents } =
    require('../../workers/project/inspect-project') as typeof import('../../workers/project/inspect-project');
  const { entryOf } = require('../../workers/registry/entries') as typeof import('../../workers/registry/entries');
  const { pickAgent } = require('./agent-text') as typeof import('./agent-text');
  const context = contextOf(self);
  const all = await describeAgents(context.project, context);
  const meant = names.length === 0 ? all : names.map((name) => pickAgent(all, name));
  return meant.map(({ agent }) => entryOf(agent));
}
