import { foldersIn } from './folders';

interface Agent {
  name: string;
  description?: string;
}

interface Asked {
  goal?: unknown;
  agents?: Agent[];
}

interface Node {
  id: string;
  goal: string;
  agent: string;
  after: string[];
}

/** Node ids are at most this long. */
const MAX_ID = 63;

/**
 * A plan for the goal, undefined where none is asked for: for folders that are named a node each and one that puts their parts
 * together, where there are agents for both; else one node, for the agent whose description has most words of the goal.
 */
export function planFor(schema: { title?: unknown }, task: string): { nodes: Node[] } | undefined {
  if (schema.title !== 'holdfast plan' || !task.trimStart().startsWith('{')) return undefined;
  const { goal, agents = [], ...before } = JSON.parse(task) as Asked;
  // What is told of an earlier plan takes more than rules to mend.
  const nodes = Object.keys(before).length === 0 ? byFolder(String(goal), agents) : undefined;
  return nodes ? { nodes } : inOne(String(goal), agents);
}

function byFolder(goal: string, agents: readonly Agent[]): Node[] | undefined {
  const folders = foldersIn(goal);
  const surveyor = doing(/\bsurveys?\b/i, agents);
  const editor = doing(/\bputs?\b.*\btogether\b/i, agents);
  if (folders.length === 0 || !surveyor || !editor || surveyor === editor || !/\breport\b/i.test(goal))
    return undefined;
  const surveys = folders.map((folder) => ({
    id: `survey-${folder.replace(/[^A-Za-z0-9._-]/g, '-')}`.slice(0, MAX_ID),
    goal: `Survey the folder \`${folder}\` and answer with its part of the report.`,
    agent: surveyor.name,
    after: [],
  }));
  const whole = {
    id: 'report',
    goal: 'Put the parts of the report together, with their figures added up, and write report.md.',
    agent: editor.name,
    after: surveys.map(({ id }) => id),
  };
  return [...surveys, whole];
}

function doing(what: RegExp, agents: readonly Agent[]): Agent | undefined {
  return agents.find(({ description = '' }) => what.test(description));
}

function inOne(goal: string, agents: readonly Agent[]): { nodes: Node[] } | undefined {
  const words = new Set(wordsOf(goal));
  const shared = ({ name, description = '' }: Agent) =>
    wordsOf(`${name} ${description}`).filter((word) => words.has(word)).length;
  const [best] = [...agents].sort((one, other) => shared(other) - shared(one));
  return best && { nodes: [{ id: 'all', goal, agent: best.name, after: [] }] };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{4,}/g) ?? [];
}
