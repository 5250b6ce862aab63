import type { Command } from 'commander';
import { collect } from '../flags';

/** Plans with parameters, kept in the project. */
export function registerTaskTemplate(task: Command): void {
  const template = task.command('template').description('plans with parameters, in the folder plans/ of the project');
  template
    .command('list')
    .description('the templates there are')
    .action((_flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { templatesOf } = require('../task/plan-file') as typeof import('../task/plan-file');
      const { templateTable } = require('../task/template-text') as typeof import('../task/template-text');
      const { out, project } = contextOf(command);
      const found = templatesOf(project);
      out.data(found, () => templateTable(found, out.style));
    });
  template
    .command('show')
    .description('a template as it is written')
    .argument('<name>', 'name, or name@version')
    .action((name: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { readMapping, templateFile } = require('../task/plan-file') as typeof import('../task/plan-file');
      const { yamlOf } = require('../task/template-text') as typeof import('../task/template-text');
      const { out, project } = contextOf(command);
      const plan = readMapping(templateFile(project, name));
      out.data(plan, () => yamlOf(plan));
    });
  template
    .command('render')
    .description('the plan a template gives; runs nothing')
    .argument('<name>', 'name, or name@version')
    .option('--set <name=value>', 'a parameter; may be given several times', collect)
    .action((name: string, { set }: { set?: string[] }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { readPlan, templateFile } = require('../task/plan-file') as typeof import('../task/plan-file');
      const { yamlOf } = require('../task/template-text') as typeof import('../task/template-text');
      const { out, project } = contextOf(command);
      const plan = readPlan(templateFile(project, name), set);
      out.data(plan, () => yamlOf(plan));
    });
}
