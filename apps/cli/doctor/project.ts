import { defaultModelOf } from '../../../workers/config/apply';
import { checkProject, providerKeys } from '../../../workers/project/inspect-project';
import { problemText } from '../../../workers/project/source-file';
import type { Context } from '../context';
import { type Check, fail, ok, warn } from './check';

export async function checkAgents(context: Context): Promise<Check> {
  const { project, placeFlags } = context;
  const checked = await checkProject(project, [], context);
  const problems = checked.flatMap((agent) => agent.problems);
  const first = problems[0];
  if (!first) return ok('project', `${checked.length} agents: ${checked.map(({ name }) => name).join(', ')}`);
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return fail('project', problemText(first) + more, `holdfast agent validate${placeFlags}`);
}

/** Whether there are keys, never what they are. */
export function checkKeys({ env, config }: Pick<Context, 'env' | 'config'>): Check {
  const model = defaultModelOf(config.settings, env) ?? 'none';
  const keys = providerKeys(env);
  const present = keys.filter((key) => key.present);
  if (present.length > 0) {
    const names = present.map(({ provider, variable }) => `${provider} (${variable})`).join(', ');
    return ok('model keys', `${names}; the default model is ${model}`);
  }
  const fix = keys.map(({ variable }) => `export ${variable}=…`).join('   # or ');
  return warn('model keys', `none; the default model is ${model}`, fix);
}
