import type { Surroundings } from '../context';
import { escapeLine } from '../escape';
import type { Style } from '../style';
import type { Check } from './check';
import { checkConfig } from './config';
import { checkDisk, checkHome, checkNode } from './machine';
import { checkAgents, checkKeys } from './project';
import { checkCli, checkServer } from './temporal';

/** Everything, in the order in which it should be mended. */
export async function checkUp(around: Surroundings): Promise<Check[]> {
  const { check, context } = checkConfig(around);
  const [cli, server, agents] = await Promise.all([checkCli(context), checkServer(context), checkAgents(context)]);
  return [checkNode(), checkHome(context), checkDisk(context), check, cli, ...server, agents, checkKeys(context)];
}

export function checkUpText(checks: readonly Check[], style: Style): string {
  const marks = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('fail') };
  return checks
    .flatMap(({ name, status, found, fix }) => {
      const line = `${marks[status]}  ${name.padEnd(13)}${escapeLine(found, 300)}`;
      return fix === undefined ? [line] : [line, `                   ${style.dim('fix')} ${escapeLine(fix, 400)}`];
    })
    .join('\n');
}
