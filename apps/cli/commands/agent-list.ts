import type { Command } from 'commander';

export function registerAgentList(agent: Command): void {
  agent
    .command('list')
    .description('the agents of this project; without any, the ones that come with Holdfast')
    .action(async (_flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { describeAgents } =
        require('../../../workers/project/inspect-project') as typeof import('../../../workers/project/inspect-project');
      const { agentTable, agentSummary } = require('../agent-text') as typeof import('../agent-text');
      const context = contextOf(command);
      const { out, project } = context;
      const agents = await describeAgents(project, context);
      out.data(agents.map(agentSummary), () => agentTable(agents, out.style));
    });
}
