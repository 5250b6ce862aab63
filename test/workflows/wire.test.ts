import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { wireSchemas } from '../../protocol/wire';
import { findTemporalCli } from '../../workers/embedded/find-temporal-cli';
import { eventually } from '../fixtures/eventually';
import { useTemporal } from '../setup/test-worker';

const schemas = wireSchemas();
const ajv = new Ajv2020({ strict: false });

/** The commands of docs/wire.md, run as they are written there with the stock Temporal CLI, and what they print compared. */

const temporal = useTemporal('wire');
const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'wire.md'), 'utf8');

interface Example {
  command: string;
  /** Lines that must be printed, in this order; `…` stands for any text. */
  shows: string[];
}

/** Everything after `$ ` in blocks without a language, with the lines that follow it. */
function examplesIn(text: string): Example[] {
  const examples: Example[] = [];
  for (const [, block = ''] of text.matchAll(/^```\n([\s\S]*?)^```$/gm)) {
    if (!block.startsWith('$ ')) continue;
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) examples.push({ command: line.slice(2), shows: [] });
      else if (line.trim() !== '…') examples.at(-1)?.shows.push(line.trim());
    }
  }
  return examples;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** Columns are as wide as what else is listed asks for. */
const patternOf = (shows: string[]) =>
  new RegExp(shows.map((line) => line.split('…').map(escaped).join('.*').replaceAll('  ', ' {2,}')).join('[\\s\\S]*'));

/** Beside the worker, which this process must go on serving. */
function shell(command: string, env: NodeJS.ProcessEnv): Promise<{ status: number; printed: string }> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { env, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, printed: stdout + stderr }),
    );
  });
}

/** Looking at a session costs nothing, so it may be done until the session has come so far. */
const LOOKS = /workflow (query|result|list)/;

test('every command of docs/wire.md does and prints what is written', async () => {
  const bin = temporal.folder();
  symlinkSync((await findTemporalCli()).path, path.join(bin, 'temporal'));
  const env = {
    ...process.env,
    PATH: `${bin}${path.delimiter}${process.env.PATH}`,
    TEMPORAL_ADDRESS: process.env.HOLDFAST_TEST_ADDRESS,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
  const examples = examplesIn(page);
  expect(examples.length).toBeGreaterThan(12);
  const agent = { name: 'assistant', instructions: 'Help.', model: 'simulated/rules', tools: ['calculator'] };
  const worker = await temporal.worker({ agents: [agent], taskQueue: 'holdfast' });
  await worker.runUntil(async () => {
    for (const { command, shows } of examples) {
      const run = async () => {
        const done = await shell(command, env);
        expect({ command, ...done }).toEqual({ command, status: 0, printed: expect.stringMatching(patternOf(shows)) });
      };
      await (LOOKS.test(command) ? eventually(run) : run());
    }
    const [sums, talk] = ['june-sums', 'june-talk'].map((id) => temporal.client.workflow.getHandle(id));
    const asked = temporal.client.workflow.getHandle('june-sums/ask-9');
    const answers: [string, unknown][] = [
      ['agentSession.result', await sums?.result()],
      ['agentSession.result', await talk?.result()],
      ['state.result', await sums?.query('state')],
      ['state.result', await talk?.query('state')],
      ['transcript.result', await sums?.query('transcript')],
      ['transcript.result', await talk?.query('transcript', 1)],
      ['exchange.result', await talk?.query('exchange', 2)],
      ['exchange.result', await talk?.query('exchange', 9)],
      ['permissions.result', await sums?.query('permissions')],
      ['view.result', await asked.query('view')],
      ['approval.result', await asked.result()],
    ];
    for (const [name, answer] of answers) {
      const valid = ajv.compile(schemas[name] as object);
      valid(answer);
      expect({ name, answer, errors: valid.errors }).toEqual({ name, answer, errors: null });
    }
  });
}, 120_000);
