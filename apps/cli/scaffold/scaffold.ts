import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AGENT_NAME } from '../../../protocol/agent';
import { HoldfastError } from '../../../protocol/failures';
import { type Surroundings, shellWord } from '../context';
import { escapeLine } from '../escape';
import { selfCommand } from '../self-command';
import { agentFile } from './agent-file';
import { type NewFile, writeNewFiles } from './new-file';
import { FIRST_TASK, projectFiles } from './project-files';
import { providerFiles, variablePrefix } from './provider-files';
import { toolFiles } from './tool-files';

/** @throws HoldfastError `Input.Invalid` when one of its files exists already. */
export function initProject(around: Surroundings, dir: string | undefined): void {
  const root = dir === undefined ? around.project : path.resolve(dir);
  const relative = path.relative(process.cwd(), root);
  const where = relative === '' ? '' : ` --project ${shellWord(relative)}`;
  const self = selfCommand(around.env);
  tell(around, root, projectFiles(), [`${self} run assistant ${shellWord(FIRST_TASK)}${where}`, `${self} dev${where}`]);
}

/** @throws HoldfastError `Input.Invalid` for a name that is none, or is taken. */
export function createAgent(around: Surroundings, name: string): void {
  if (!AGENT_NAME.test(name)) {
    throw new HoldfastError('Input.Invalid', `${JSON.stringify(name)} is no name for an agent`, {
      hint: 'Lower-case letters, digits and dashes, starting with a letter, at most 63.',
    });
  }
  const text = agentFile({
    description: `What ${name} is for, in one line for people.`,
    instructions: [
      'You help the user with one task at a time, and you finish it.',
      'Look into files before you say what is in them. Answer briefly, with the result first.',
    ],
    tools: ['files', 'calculator', 'clock', 'todo'],
  });
  const file = { path: `agents/${name}.yaml`, text, about: 'the agent' };
  tell(
    around,
    around.project,
    [file],
    [`${selfCommand(around.env)} run ${name} "What is 17% of 2,340?"${around.placeFlags}`],
  );
}

/** @throws HoldfastError `Input.Invalid` for a name or a sample that will not do, or a name that is taken. */
export function createTool(around: Surroundings, name: string, sample: string | undefined): void {
  const files = toolFiles(name, sample === undefined ? undefined : readSample(sample));
  const granted = name.replaceAll('-', '_');
  tell(around, around.project, files, [`tools: [${granted}]   # in the YAML of an agent that may use it`]);
}

/** @throws HoldfastError `Input.Invalid` for a name or an address that will not do, or a name that is taken. */
export function createProvider(around: Surroundings, name: string, baseUrl: string | undefined): void {
  const files = providerFiles(name, baseUrl);
  tell(around, around.project, files, [
    `export ${variablePrefix(name)}_API_KEY=…`,
    `model: ${name}/${name}-1   # in the YAML of an agent`,
  ]);
}

function readSample(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `${file} is no JSON file: ${(cause as Error).message}`, { cause });
  }
}

function tell({ out }: Surroundings, root: string, files: readonly NewFile[], next: string[]): void {
  const written = writeNewFiles(root, files);
  out.data({ folder: root, files: written.map((file) => file.path), next }, () =>
    [
      ...written.map((file) => `${out.style.green('wrote')} ${escapeLine(file.path).padEnd(28)} ${file.about}`),
      ...files.filter((file) => !written.includes(file)).map((file) => `kept  ${file.path.padEnd(28)} it was there`),
      '',
      'Next:',
      ...next.map((line) => `  ${line}`),
    ].join('\n'),
  );
}
