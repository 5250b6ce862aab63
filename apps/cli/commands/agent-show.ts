import type { Command } from 'commander';

export function registerAgentShow(agent: Command): void {
  agent
    .command('show')
    .description('one agent as a run is pinned to it: revision, model, tools with their effects, limits')
    .argument('<name>')
    .action(async (name: string, _flags: object, command: Command) => {
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
