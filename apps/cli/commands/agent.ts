import type { Command } from 'commander';
import { registerAgentCheck } from './agent-check';
import { registerAgentList } from './agent-list';
import { registerAgentShow } from './agent-show';
import { registerAgentValidate } from './agent-validate';

export function registerAgent(program: Command): void {
  const agent = program.command('agent').description('look at the agents of this project, and check them');
  for (const register of [registerAgentList, registerAgentShow, registerAgentCheck, registerAgentValidate])
    register(agent);
}
