import type { getClient } from '@temporalio/activity';
import { QUERY, WORKFLOW } from '../protocol/names';
import type { NodesPage } from '../protocol/plan/state';

type Client = ReturnType<typeof getClient>;

const TEXT = `"[^"]*"|'[^']*'`;
const NAMED = new RegExp(`\`?HoldfastAgent\`?\\s*(?:=\\s*(?:${TEXT})|IN\\s*\\((?:\\s*(?:${TEXT})\\s*,?)+\\))`, 'gi');
const ANSWER_MS = 1_000;

/**
 * Which plans may have calls of agents that a query names: one that is a single model call has no run of its own to be found by, and its
 * plan is found by no agent where it has several. All other parts of the query hold for the plan.
 * @returns undefined where it names none, or says which agents it does not mean.
 */
export function plansMeant(query: string): { agents: ReadonlySet<string>; query: string } | undefined {
  if (/\bNOT\b|!=|<>/i.test(query)) return undefined;
  const agents = new Set<string>();
  const running = 'ExecutionStatus = "Running"';
  const others = query.replace(NAMED, (clause) => {
    for (const text of clause.match(new RegExp(TEXT, 'g')) ?? []) agents.add(text.slice(1, -1));
    return running;
  });
  return agents.size > 0 ? { agents, query: `WorkflowType = "${WORKFLOW.taskPlan}" AND ${others}` } : undefined;
}

/** Whether one of the agents is at work in the plan. A plan that no worker has calls nobody either. */
export async function isCalling(client: Client, plan: string, agents: ReadonlySet<string>): Promise<boolean> {
  const handle = client.workflow.getHandle(plan);
  for (let from = 0; ; ) {
    const page = await client
      .withDeadline(Date.now() + ANSWER_MS, () => handle.query<NodesPage, [number]>(QUERY.nodes, from))
      .catch(() => undefined);
    if (!page) return false;
    const busy = page.nodes.filter(({ status }) => status === 'running' || status === 'assigned');
    if (busy.some(({ agent }) => agent !== undefined && agents.has(agent))) return true;
    from += page.nodes.length;
    if (page.nodes.length === 0 || from >= page.total) return false;
  }
}
