import type { AgentCheck } from '../../protocol/agent-check';
import { escapeLine } from './escape';
import { duration, usd } from './figures';
import type { Style } from './style';

type Tool = AgentCheck['tools'][number];
type Explained = NonNullable<Tool['undo']>;
type Answer = Explained['otherwise'];

/** What an agent may do, in words. */
export function agentCheckText(check: AgentCheck, style: Style): string {
  const { agent, file, model, models, profile, tools, people, outside, secrets, onFailure, degrade, warnings } = check;
  const lines = [`${style.bold(agent)} · ${escapeLine(file)}`];
  const row = (name: string, text: string): void => void lines.push(`  ${name.padEnd(12)}${text}`);
  row('model', escapeLine(`${model}${models ? `; may use ${models.join(', ')}` : '; may use any'}`));
  if (degrade.model.length > 0) row('', escapeLine(`stands in: ${degrade.model.join(', ')}`));
  row('profile', profile);
  row('spends', spendText(check));
  row('people', escapeLine(people.length > 0 ? `asked for ${people.join('; ')}` : 'never asked', 2_000));
  row('outside', escapeLine(outside.length > 0 ? `read by ${outside.join(', ')}` : 'read by none of its tools itself'));
  row('secrets', escapeLine(secrets.join(', ') || 'none'));
  row('on failure', onFailure === 'compensate' ? 'its effects are undone' : 'its effects are kept');
  if (degrade.tools.length > 0) row('without', escapeLine(`goes on without ${degrade.tools.join(', ')}`));
  lines.push('');
  if (tools.length === 0) lines.push('  no tools');
  for (const tool of tools) lines.push(...toolLines(tool, style), ...(tool.undo ? toolLines(tool.undo, style) : []));
  if (warnings.length > 0) lines.push('');
  for (const { code, message } of warnings) lines.push(style.yellow(`warning ${code}: ${escapeLine(message, 500)}`));
  return lines.join('\n');
}

function toolLines(tool: Explained & Partial<Tool>, style: Style): string[] {
  const { name, effect, otherwise, mounted, tainted, cases, secrets = [], priceUsd = 0 } = tool;
  const about = [
    effect,
    priceUsd > 0 && `${usd(priceUsd)} a call`,
    secrets.length > 0 && `secrets ${secrets.join(', ')}`,
  ];
  const lines = [`  ${style.bold(escapeLine(name))} (${escapeLine(about.filter(Boolean).join(', '), 300)})`];
  const line = (answer: Answer, when: string): void => {
    lines.push(`    ${wordOf(answer, style)} ${escapeLine(`${when}: ${answer.because}${termsText(answer)}`, 500)}`);
  };
  for (const { rule, verdict, of, tainted: after, decides } of cases) {
    const when = `${rule}${after ? ' after content from outside' : ''}`;
    if (decides) line(decides, when);
    else
      lines.push(
        `    ${wordOf({ verdict }, style)} ${escapeLine(`${when}: rule of the ${of}, where it applies`, 500)}`,
      );
  }
  line(otherwise, cases.length > 0 ? 'else' : 'always');
  if (mounted) line(mounted, 'in a mounted folder');
  if (tainted) line(tainted, 'after content from outside');
  return lines;
}

function wordOf({ verdict }: Pick<Answer, 'verdict'>, style: Style): string {
  const word = verdict.padEnd(5);
  if (verdict === 'deny') return style.red(word);
  return verdict === 'ask' ? style.yellow(word) : style.green(word);
}

function termsText({ verdict, approval }: Answer): string {
  if (verdict !== 'ask') return '';
  const { approvers, quorum, expiresAfter } = approval ?? {};
  const terms = [
    `asks ${approvers?.join(', ') ?? 'anyone'}`,
    quorum !== undefined && quorum > 1 && `${quorum} of them`,
    typeof expiresAfter === 'number' && `for ${duration(expiresAfter)}`,
  ];
  return `; ${terms.filter(Boolean).join(', ')}`;
}

function spendText({ spend: { limits, account } }: AgentCheck): string {
  const { turns, toolCalls, tokens, costUsd, deadline } = limits;
  const parts = [
    costUsd === undefined ? 'no limit on money' : `at most ${usd(costUsd)}`,
    account === null ? 'from no account' : `from ${account}`,
    `${turns} turns`,
    `${toolCalls} tool calls`,
    tokens !== undefined && `${tokens} tokens`,
    deadline !== undefined && `within ${duration(deadline)}`,
  ];
  return parts.filter(Boolean).join(' · ');
}
