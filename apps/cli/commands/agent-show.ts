import type { Command } from 'commander';

export function registerAgentShow(agent: Command): void {
  agent
    .command('show')
    .description('one agent as a run is pinned to it: revision, model, tools with their effects, limits')
    .argument('<name>')
    .option(
      '--registered',
      'as the registry of agents knows it: who serves it, how it does, and why it stands as it does',
    )
    .option('--registry <name>', 'of --registered; default: as the settings say, else default')
    .action(async (name: string, { registered }: { registered?: boolean }, command: Command) => {
      if (registered) {
        const { onRegistry } = require('../registry') as typeof import('../registry');
        const { registeredText } = require('../registry-text') as typeof import('../registry-text');
        await onRegistry(
          command,
          (agents) => agents.get(name),
          (view, { style }) => registeredText(view, style),
        );
        return;
      }
      const { contextOf } = require('../context') as typeof import('../context');
      const { describeAgents } =
        require('../../../workers/project/inspect-project') as typeof import('../../../workers/project/inspect-project');
      const { agentText, pickAgent } = require('../agent-text') as typeof import('../agent-text');
      const context = contextOf(command);
      const { out, project } = context;
      const shown = pickAgent(await describeAgents(project, context), name);
      out.data(shown, () => agentText(shown, out.style));
    });
}
