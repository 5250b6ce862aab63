interface Asked {
  goal?: unknown;
  agents?: { name: string; description?: string }[];
}

/** A plan of one node, for the agent whose description has most words of the goal; undefined where no plan is asked for. */
export function planFor(schema: { title?: unknown }, task: string): object | undefined {
  if (schema.title !== 'holdfast plan' || !task.trimStart().startsWith('{')) return undefined;
  const { goal, agents = [] } = JSON.parse(task) as Asked;
  const words = new Set(wordsOf(String(goal)));
  const shared = ({ name, description = '' }: { name: string; description?: string }) =>
    wordsOf(`${name} ${description}`).filter((word) => words.has(word)).length;
  const [best] = [...agents].sort((one, other) => shared(other) - shared(one));
  return best && { nodes: [{ id: 'all', goal: String(goal), agent: best.name, after: [] }] };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{4,}/g) ?? [];
}
