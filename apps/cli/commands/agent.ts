import type { Command } from 'commander';
import { registerAgentCheck } from './agent-check';
import { registerAgentFind } from './agent-find';
import { registerAgentList } from './agent-list';
import { registerAgentRegistry } from './agent-registry';
import { registerAgentShow } from './agent-show';
import { registerAgentValidate } from './agent-validate';

export function registerAgent(program: Command): void {
  const agent = program.command('agent').description('look at agents, of this project or registered, and check them');
  for (const register of [
    registerAgentList,
    registerAgentShow,
    registerAgentCheck,
    registerAgentValidate,
    registerAgentFind,
    registerAgentRegistry,
  ])
    register(agent);
}
