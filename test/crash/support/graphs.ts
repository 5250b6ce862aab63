import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { PlanDefinition } from '../../../client';

export type Shape = PlanDefinition['nodes'];

const ROOT = path.join(__dirname, '../../..');

/** A node does the work that is named after it, in the graph it belongs to. */
const node = (graph: string, id: string, after: readonly string[]) => ({
  id,
  goal: `${graph} ${id}`,
  after: [...after],
});
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
const named = (at: number) => `n${at}`;

/** Graphs whose nodes are written before those that come after them. */
export function chain(count: number): Shape {
  return numbers(count).map((at) => node('chain', named(at), at === 0 ? [] : [named(at - 1)]));
}

/** One, then all at once, then one. */
export function fan(count: number): Shape {
  const middle = numbers(count).slice(1, -1).map(named);
  return numbers(count).map((at) => node('fan', named(at), at === 0 ? [] : at === count - 1 ? middle : [named(0)]));
}

/** One, three beside each other, one, three, … */
export function diamonds(count: number): Shape {
  const before = (at: number) => (at % 4 === 0 ? [at - 3, at - 2, at - 1] : [at - (at % 4)]);
  return numbers(count).map((at) => node('diamonds', named(at), at === 0 ? [] : before(at).map(named)));
}

/** Layers as wide as said; each node comes after one to three of the layer before its own. */
export function layers(count: number, width: number, random: () => number): Shape {
  return numbers(count).map((at) => {
    const layer = Math.floor(at / width);
    const one = () => named((layer - 1) * width + Math.floor(random() * width));
    const after = layer === 0 ? [] : numbers(1 + Math.floor(random() * 3)).map(one);
    return node('layers', named(at), [...new Set(after)]);
  });
}

/** Each node comes after up to three of all that are written before it. */
export function anyhow(count: number, random: () => number): Shape {
  return numbers(count).map((at) => {
    const after = numbers(Math.min(at, Math.floor(random() * 4))).map(() => named(Math.floor(random() * at)));
    return node('random', named(at), [...new Set(after)]);
  });
}

/** How this repository is built: its source files, each after those it imports. An import that would close a circle is left out. */
export function imports(folders: readonly string[]): Shape {
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.join(folder, name)),
  );
  const known = new Set(files);
  const visited = new Map<string, 'open' | 'done'>();
  const shape: Shape = [];
  const visit = (file: string) => {
    visited.set(file, 'open');
    const after: string[] = [];
    for (const other of importedBy(file)) {
      if (!known.has(other)) continue;
      if (!visited.has(other)) visit(other);
      if (visited.get(other) === 'done') after.push(idOf(other));
    }
    visited.set(file, 'done');
    shape.push(node('imports', idOf(file), after));
  };
  for (const file of files.sort()) if (!visited.has(file)) visit(file);
  return shape;
}

function importedBy(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const found = [...text.matchAll(/ from '(\.[^']+)'/g)].map(([, name = '']) => path.join(path.dirname(file), name));
  return [...new Set(found)].map((name) => `${name}.ts`).sort();
}

function idOf(file: string): string {
  return file.replace(/\.ts$/, '').replaceAll(path.sep, '.');
}

/** What every node answers, when one is run after the other. */
export function serial(shape: Shape): Map<string, string> {
  const answers = new Map<string, string>();
  for (const { id, goal, after = [] } of shape) {
    const before = after.map((one) => answers.get(one as string) ?? '');
    answers.set(id, answerOf(goal, before));
  }
  return answers;
}

/** Short whatever came before: a number made of it. */
export function answerOf(task: string, before: readonly string[]): string {
  let sum = 0;
  for (const character of before.join(',')) sum = (sum * 31 + character.charCodeAt(0)) % 1_000_003;
  return `${task}:${sum}`;
}

/** Nodes nothing comes after. */
export function sinksOf(shape: Shape): string[] {
  const followed = new Set(shape.flatMap(({ after = [] }) => after as string[]));
  return shape.map(({ id }) => id).filter((id) => !followed.has(id));
}
