import type { Command } from 'commander';

export function registerCreate(program: Command): void {
  const create = program.command('create').description('begin an agent, a tool or a model provider of this project');
  create
    .command('agent')
    .description('agents/NAME.yaml')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .action(async (name: string, _flags: object, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { createAgent } = require('../scaffold/scaffold') as typeof import('../scaffold/scaffold');
      createAgent(surroundingsOf(command), name);
    });
  create
    .command('tool')
    .description('tools/NAME.ts, with a test that passes: node --test')
    .argument('<name>', 'e.g. look-up-order; the model calls it look_up_order')
    .option('--from-json <file>', 'a sample of its arguments, or a list of them: the schema is inferred')
    .action(async (name: string, flags: { fromJson?: string }, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { createTool } = require('../scaffold/scaffold') as typeof import('../scaffold/scaffold');
      createTool(surroundingsOf(command), name, flags.fromJson);
    });
  create
    .command('provider')
    .description('providers/NAME.ts, the adapter of a model vendor, with a test that passes: node --test')
    .argument('<name>', 'what models are called by: NAME/model')
    .option('--base-url <url>', "the vendor's address")
    .action(async (name: string, flags: { baseUrl?: string }, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { createProvider } = require('../scaffold/scaffold') as typeof import('../scaffold/scaffold');
      createProvider(surroundingsOf(command), name, flags.baseUrl);
    });
}
