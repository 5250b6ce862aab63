import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { type ReplayOptions, type ReplayVerdicts, replayHistories } from '../../testing/replay';
import { mutated } from '../fixtures/mutated';

/**
 * Recorded histories stand for runs that are in flight when a new build is deployed. They are made by
 * `scripts/record-histories.mjs`, once; when one fails here, the code is wrong, not the history.
 */
const HISTORIES = path.join(__dirname, '..', 'histories');
const OWN = path.join(HISTORIES, 'own');
const USERS = require.resolve('../fixtures/user-workflows');
const OURS = require.resolve('../../workflows/index');

const namesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.json'));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

describe('every recorded history runs on this build', () => {
  let verdicts: ReplayVerdicts = {};

  beforeAll(async () => {
    verdicts = { ...(await replayHistories(HISTORIES)), ...(await replayHistories(OWN, { workflowsPath: USERS })) };
  }, 300_000);

  test.each([...namesIn(HISTORIES), ...namesIn(OWN)])('%s', (name) => {
    expect(Object.keys(verdicts)).toContain(name);
    expect(verdicts[name]).toBeUndefined();
  });

  test('there are histories of every kind of session', () => {
    expect(namesIn(HISTORIES)).toEqual(
      expect.arrayContaining(
        [
          'answer',
          'tool-turns',
          'quick-reads',
          'rollover-1',
          'rollover-2',
          'deadline',
          'cancelled',
          'failed',
          'summarised-1',
        ].map((name) => `${name}.json`),
      ),
    );
  });
});

/** Changes a run in flight would not survive, and a history that must notice. */
const INCOMPATIBLE: [what: string, file: string, pattern: string, replacement: string, history: string][] = [
  ['a summary by another activity', 'agent-session.ts', "'summariseTranscript'", "'condense'", 'summarised-1.json'],
  ['another activity', 'agent-session.ts', "'invokeModel'", "'askModel'", 'answer.json'],
  [
    'an end that is not recorded',
    'agent-session.ts',
    'recordEnd(session);\n    // Messages',
    '// Messages',
    'answer.json',
  ],
  [
    'tools one after the other',
    'run-calls.ts',
    'Math.min(agent.parallelToolCalls, batch.length)',
    '1',
    'tool-turns.json',
  ],
  ['no deadline', 'guard.ts', 'if (!this.work || at === undefined) return;', 'return;', 'deadline.json'],
  [
    'one turn more in a Temporal run',
    'agent-session.ts',
    'turns >= session.rolloverTurns',
    'turns > session.rolloverTurns',
    'rollover-1.json',
  ],
];

describe('an incompatible change is detected', () => {
  test.each(INCOMPATIBLE)('%s', async (_what, file, pattern, replacement, history) => {
    const worker: ReplayOptions['worker'] = {
      workflowsPath: OURS,
      bundlerOptions: mutated(file, pattern, replacement),
    };
    const verdicts = await replayHistories(HISTORIES, { worker });
    expect(String(verdicts[history])).toMatch(/Nondeterminism|determinism/i);
  });

  test('and a harmless one is not taken for it', async () => {
    const worker: ReplayOptions['worker'] = {
      workflowsPath: OURS,
      bundlerOptions: mutated('details.ts', 'tool calls', 'calls of tools'),
    };
    expect(Object.values(await replayHistories(HISTORIES, { worker })).filter(Boolean)).toEqual([]);
  });
});

test.each([...namesIn(HISTORIES), ...namesIn(OWN).map((name) => path.join('own', name))])(
  '%s names nothing of the machine that recorded it',
  (name) => {
    const text = readFileSync(path.join(HISTORIES, name), 'utf8');
    const payloads = [...text.matchAll(/"data": ?"([^"]+)"/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString('utf8'),
    );
    for (const shown of [text, ...payloads]) {
      expect(shown).not.toContain(path.resolve(HISTORIES, '..', '..'));
      expect(shown).not.toMatch(/\/home\/|\/tmp\/|\d+@/);
    }
  },
);
