import type { NodeView } from '../../../client';

export const FORMATS: readonly string[] = ['mermaid', 'dot', 'json'];

type Drawn = Pick<NodeView, 'id' | 'after' | 'status' | 'agent'>;

/** The graph as text that other programs draw; ids are quoted, because they may hold dots and dashes. */
export function graphOf(nodes: readonly Drawn[], format: string): string {
  if (format === 'json')
    return JSON.stringify(
      nodes.map(({ id, after, status }) => ({ id, after, status })),
      null,
      2,
    );
  return format === 'dot' ? dot(nodes) : mermaid(nodes);
}

function mermaid(nodes: readonly Drawn[]): string {
  const number = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const boxes = nodes.map(({ id, agent, status }) => {
    const who = agent === undefined ? '' : `<br/>${agent}`;
    return `  ${number.get(id)}["${id}${who}<br/>${status}"]:::${status}`;
  });
  const arrows = nodes.flatMap(({ id, after }) => after.map((from) => `  ${number.get(from)} --> ${number.get(id)}`));
  const colours = ['done:#c8e6c9', 'running:#bbdefb', 'failed:#ffcdd2', 'waiting:#ffe0b2', 'skipped:#eeeeee'].map(
    (one) => {
      const [status, colour] = one.split(':');
      return `  classDef ${status} fill:${colour}`;
    },
  );
  return ['flowchart TD', ...boxes, ...arrows, ...colours].join('\n');
}

function dot(nodes: readonly Drawn[]): string {
  const boxes = nodes.map(({ id, agent = '', status }) => `  "${id}" [label="${id}\\n${agent}\\n${status}"];`);
  const arrows = nodes.flatMap(({ id, after }) => after.map((from) => `  "${from}" -> "${id}";`));
  return ['digraph plan {', '  node [shape=box];', ...boxes, ...arrows, '}'].join('\n');
}
