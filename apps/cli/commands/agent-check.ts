import type { Command } from 'commander';

export function registerAgentCheck(agent: Command): void {
  agent
    .command('check')
    .description('say what an agent may do: its tools, by which rule, who is asked, what it may spend; with warnings')
    .argument('<name|file>')
    .action(async (named: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { checkAgent } =
        require('../../../workers/project/check-agent') as typeof import('../../../workers/project/check-agent');
      const { agentCheckText } = require('../agent-check-text') as typeof import('../agent-check-text');
      const context = contextOf(command);
      const { out, project } = context;
      const checked = await checkAgent(project, named, context);
      out.data(checked, () => agentCheckText(checked, out.style));
    });
}
