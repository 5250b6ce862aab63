import type { Command } from 'commander';

export function registerAgentValidate(agent: Command): void {
  agent
    .command('validate')
    .description('check agent files; exits with 2 when any is not valid')
    .argument('[file...]', 'agent files; default: all of the project')
    .action(async (files: string[], _flags: object, command: Command) => {
      const { EXIT } = require('../exit-codes') as typeof import('../exit-codes');
      const { contextOf } = require('../context') as typeof import('../context');
      const { checkProject } =
        require('../../../workers/project/inspect-project') as typeof import('../../../workers/project/inspect-project');
      const { problemLines } = require('../agent-text') as typeof import('../agent-text');
      const context = contextOf(command);
      const { out, project } = context;
      const checked = await checkProject(project, files, context);
      const valid = checked.every(({ problems }) => problems.length === 0);
      out.data({ valid, files: checked }, () => problemLines(checked, out.style).join('\n'));
      process.exitCode = valid ? EXIT.done : EXIT.usage;
    });
}
