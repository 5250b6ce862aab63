import { activityInfo, getClient } from '@temporalio/activity';
import type { AdmitPlanInput, AdmittedPlan } from '../../protocol/activities';
import { planProblems } from '../../protocol/plan/admission';
import { planSchema } from '../../protocol/plan/definition';
import type { AgentFacts } from '../../protocol/plan/state';
import { problemsOf } from '../../protocol/problems';
import { validatorOf } from '../model/check-output';
import { StandingsCache } from '../registry/standings';
import type { ActivityServices } from '../services';
import { toFailure } from '../to-failure';

/** With everything filled in that its author left out. The server takes payloads of 2 MiB, and would refuse this one again and again. */
const MAX_BYTES = 2_000_000;

/**
 * Checks a plan before anything of it runs: its form, its graph, who does it, what it may cost. What is wrong is an answer, not a
 * failure: a planner is told, and may try again.
 */
export function createAdmitPlan(services: ActivityServices) {
  const registry = new StandingsCache(services.registry);
  return async function admitPlan({ plan: given, nesting, soFar }: AdmitPlanInput): Promise<AdmittedPlan> {
    try {
      const parsed = planSchema.safeParse(given);
      if (!parsed.success) return { problems: [{ code: 'Plan.Invalid', message: problemsOf(parsed.error, '(plan)') }] };
      const plan = parsed.data;
      for (const { id, output } of plan.nodes) {
        const problem = output && schemaProblem(output);
        if (problem)
          return { problems: [{ code: 'Plan.Invalid', message: `output of "${id}": ${problem}`, node: id }] };
      }
      // Looked up with each plan: a reload replaces it.
      const { catalogue } = services;
      const paused = await registry.paused(getClient());
      const agents = Object.fromEntries(
        catalogue.agentNames().map((name): [string, AgentFacts] => {
          const { revision, capabilities = [], limits, output, tools, account, priority } = catalogue.resolve(name);
          const costUsd = limits.costUsd ?? null;
          const plain = tools.length === 0 && account === undefined;
          const more = { ...(output && { output }), ...(plain && { plain }), ...(priority && { priority }) };
          const away = paused.has(name) && { paused: true as const };
          return [name, { revision, capabilities, costUsd, ...more, ...away }];
        }),
      );
      const problems = planProblems(plan, agents, nesting, soFar);
      if (problems.length > 0) return { problems: problems.slice(0, 50) };
      // The plan names what it uses; nothing else is carried along.
      const named = new Set([plan.agent, ...plan.nodes.map(({ agent }) => agent)]);
      const open = plan.nodes.some(({ needs, agent }) => needs && agent === undefined);
      const used = Object.entries(agents).filter(
        ([name, { capabilities }]) => named.has(name) || (open && capabilities.length > 0),
      );
      const admitted = { plan, agents: Object.fromEntries(used) };
      const bytes = Buffer.byteLength(JSON.stringify(admitted));
      if (bytes <= MAX_BYTES) return admitted;
      return { problems: [{ code: 'Plan.TooLarge', message: `it has ${bytes} bytes, and ${MAX_BYTES} are the most` }] };
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}

function schemaProblem(schema: Record<string, unknown>): string | undefined {
  try {
    validatorOf(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
