import { ID_SEPARATOR, SEARCH_ATTRIBUTE } from './names';

/** A text as Temporal's list filters take it. */
export function filterText(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

/** Of what continued as new only the latest Temporal run: the earlier ones say what it was. */
export const ONE_OF_EACH = 'ExecutionStatus != "ContinuedAsNew"';

/** What belongs to a run and to those below it; of what is asked, kept or done for runs. */
export interface BelongsTo {
  run?: string;
  agent?: string;
  tenant?: string;
}

/** The parts of a list filter that say whose it is. */
export function belongingTo({ run, agent, tenant }: BelongsTo): string[] {
  const filters: string[] = [];
  if (run !== undefined) filters.push(runOrBelow(SEARCH_ATTRIBUTE.parent.name, run));
  if (agent !== undefined) filters.push(`${SEARCH_ATTRIBUTE.agent.name} = ${filterText(agent)}`);
  if (tenant !== undefined) filters.push(`${SEARCH_ATTRIBUTE.tenant.name} = ${filterText(tenant)}`);
  return filters;
}

/** @param attribute that holds a run's id. */
export function runOrBelow(attribute: string, run: string): string {
  return `(${attribute} = ${filterText(run)} OR ${attribute} STARTS_WITH ${filterText(run + ID_SEPARATOR)})`;
}
