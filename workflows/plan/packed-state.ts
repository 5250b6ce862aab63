import type { PlanNode } from '../../protocol/plan/definition';
import type { NodeProgress, PlanState } from '../../protocol/plan/state';

/** Fields of a node that are times; they are kept as ms since the start of the plan. */
const TIMES = new Set(['since', 'readyAt', 'startedAt', 'endedAt', 'notBefore']);
/** Fields whose texts repeat from node to node. */
const TEXTS = new Set(['status', 'agent', 'because']);
const USUAL_RETRY = { attempts: 1, backoff: 1_000 };

type Row = [fields: number, ...values: unknown[]];

/** The state of a large plan as it is kept while the plan continues as new: a third of its size, and nothing lost. */
export interface PackedState {
  rest: Omit<PlanState, 'nodes'>;
  /** What a node has that says nothing about it. */
  retry: PlanNode['retry'];
  fields: string[][];
  texts: string[];
  rows: Record<string, Row>;
}

export function packed({ nodes, ...rest }: PlanState): PackedState {
  const fields = new Numbered<string[]>();
  const texts = new Numbered<string>();
  const rows = Object.entries(nodes).map(([id, progress]): [string, Row] => {
    const entries = Object.entries(progress).filter(([, value]) => value !== undefined);
    const names = entries.map(([name]) => name);
    const values = entries.map(([name, value]) => {
      if (TEXTS.has(name)) return texts.numberOf(value as string, value as string);
      return TIMES.has(name) ? (value as number) - rest.startedAt : value;
    });
    return [id, [fields.numberOf(names.join(), names), ...values]];
  });
  const plan = { ...rest.plan, nodes: rest.plan.nodes.map(shortened) };
  return {
    rest: { ...rest, plan },
    retry: USUAL_RETRY,
    fields: fields.all,
    texts: texts.all,
    rows: Object.fromEntries(rows),
  };
}

export function unpacked({ rest, retry, fields, texts, rows }: PackedState): PlanState {
  const nodes = Object.entries(rows).map(([id, [which, ...values]]): [string, NodeProgress] => {
    const names = fields[which] as string[];
    const entries = names.map((name, at) => {
      const value = values[at];
      if (TEXTS.has(name)) return [name, texts[value as number]];
      return [name, TIMES.has(name) ? (value as number) + rest.startedAt : value];
    });
    return [id, Object.fromEntries(entries)];
  });
  const plan = { ...rest.plan, nodes: rest.plan.nodes.map((node) => whole(node, retry)) };
  return { ...rest, plan, nodes: Object.fromEntries(nodes) };
}

/** A node as its author writes it. */
function shortened({ retry, after, ...node }: PlanNode): PlanNode {
  const usual = retry.attempts === USUAL_RETRY.attempts && retry.backoff === USUAL_RETRY.backoff;
  const names = after.map((edge) => (Object.keys(edge).length === 1 ? edge.node : edge));
  return { ...node, ...(names.length > 0 && { after: names }), ...(!usual && { retry }) } as PlanNode;
}

function whole({ after = [], ...node }: PlanNode, retry: PlanNode['retry']): PlanNode {
  const edges = (after as (string | PlanNode['after'][number])[]).map((edge) =>
    typeof edge === 'string' ? { node: edge } : edge,
  );
  return { ...node, after: edges, retry: node.retry ?? { ...retry } };
}

/** Things that are named by their number. */
class Numbered<Thing> {
  readonly all: Thing[] = [];
  private readonly numbers = new Map<string, number>();

  numberOf(key: string, thing: Thing): number {
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.all.length);
    return this.all.push(thing) - 1;
  }
}
