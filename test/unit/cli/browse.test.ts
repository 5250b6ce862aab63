import { PassThrough } from 'node:stream';
import { browse } from '../../../apps/cli/browse/browse';
import { Browser, type Page } from '../../../apps/cli/browse/browser';
import { stepTable, stepText } from '../../../apps/cli/browse/step-text';
import { hasText, stepsOf } from '../../../apps/cli/browse/steps';
import { browseOn } from '../../../apps/cli/browse/terminal';
import { Output } from '../../../apps/cli/output';
import { styleFor } from '../../../apps/cli/style';
import type { HoldfastClient, RunSummary } from '../../../client';
import { NO_USAGE } from '../../../protocol/usage';
import { assistant, call, result, user } from '../../fixtures/messages';

const plain = styleFor({});
const when = new Date(2026, 10, 21, 12, 0, 0);

describe('the steps of a run', () => {
  const messages = [
    { ...user('Do it.'), by: 'ana' },
    { ...assistant('First.', call('c', 'look', { path: 'a.md' })), mark: 'm1' },
    { ...result('c', 'found \u001b[31mred', 'look'), mark: 't1' },
    { ...user('all so far'), mark: 's1', summary: { from: 1, to: 3, kept: [] } },
    // Vendors number calls anew.
    { ...assistant(call('c', 'look', { path: 'b.md' })), mark: 'm2' },
  ];
  const usage = { ...NO_USAGE, inputTokens: 1_200, outputTokens: 80 };
  const figures = new Map([
    ['m1', { startedAt: when, ms: 900, attempts: 3, model: 'gpt', usage, costUsd: 0.02 }],
    ['t1', { startedAt: when, ms: 40, attempts: 1 }],
    ['m2', { startedAt: when, ms: 10, attempts: 1, model: 'gpt', usage, costUsd: null }],
  ]);
  const steps = stepsOf(messages, figures);

  test('are inputs, turns, calls with their own results, and summaries', () => {
    expect(steps.map(({ step, kind, turn, name, outcome }) => [step, kind, turn, name, outcome])).toEqual([
      [1, 'input', 0, undefined, undefined],
      [2, 'turn', 1, undefined, undefined],
      [3, 'tool', 1, 'look', 'ok'],
      [4, 'summary', 1, undefined, undefined],
      [5, 'turn', 2, undefined, undefined],
      [6, 'tool', 2, 'look', undefined],
    ]);
  });

  test('are a table with what each took and cost', () => {
    const [head, ...rows] = stepTable(steps, plain).split('\n');
    expect(head?.split(/\s+/)).toEqual(['step', 'turn', 'took', 'tokens', 'cost', 'what']);
    expect(rows[0]).toMatch(/^1 +ana: Do it\.$/);
    expect(rows[1]).toMatch(/^2 +1 +900 ms +1\.2k→80 +\$0\.0200 +says: First\. \(attempt 3\)$/);
    expect(rows[2]).toMatch(/^3 +1 +40 ms +look \{"path":"a\.md"\}$/);
    expect(rows[4]).toContain('?');
    expect(rows[5]).toMatch(/no result yet$/);
  });

  test('one of them is shown whole, and cannot drive the terminal', () => {
    const text = stepText(steps[2] as never, plain);
    expect(text).toContain('"path": "a.md"');
    expect(text).toContain('found \\x1b[31mred');
    expect(text).not.toContain('\u001b');
    expect(stepText(steps[1] as never, plain)).toMatch(/attempts +3[\s\S]*tokens +1200 in \(0 cached\), 80 out/);
  });

  test('are found by anything in them', () => {
    expect(steps.filter((step) => hasText(step, 'B.MD')).map(({ step }) => step)).toEqual([6]);
    expect(steps.filter((step) => hasText(step, 'red')).map(({ step }) => step)).toEqual([3]);
  });
});

describe('the browser', () => {
  const leaf: Page = { title: 'leaf', items: [{ line: 'inside' }] };
  const items = Array.from({ length: 50 }, (_, at) => ({ line: `line ${at}`, sought: at === 33 ? 'needle' : '' }));
  const browser = (): Browser =>
    new Browser({ title: 'all', items: items.map((item) => ({ ...item, open: async () => leaf })) });
  const marked = (one: Browser): string | undefined => one.lines(12, 60, plain).find((line) => line.startsWith('> '));
  const press = async (one: Browser, ...names: string[]): Promise<boolean[]> => {
    const going = [];
    for (const name of names) {
      going.push(
        await one.press(name.length === 1 && name !== 'q' ? { name, sequence: name } : { name, sequence: '' }),
      );
      one.lines(12, 60, plain);
    }
    return going;
  };

  test('moves by line and by page, and stays within', async () => {
    const one = browser();
    one.lines(12, 60, plain);
    await press(one, 'up', 'down', 'j');
    expect(marked(one)).toBe('> line 2');
    await press(one, 'pagedown');
    expect(marked(one)).toBe('> line 12');
    await press(one, 'end', 'down');
    expect(marked(one)).toBe('> line 49');
    await press(one, 'home', 'pageup', 'k');
    expect(marked(one)).toBe('> line 0');
  });

  test('opens, goes back to where it was, and ends', async () => {
    const one = browser();
    await press(one, 'down', 'return');
    expect(one.lines(12, 60, plain)[0]).toBe('leaf · 1 of 1');
    expect(await press(one, 'escape')).toEqual([true]);
    expect(marked(one)).toBe('> line 1');
    expect(await press(one, 'q')).toEqual([false]);
    expect(await browser().press({ name: 'c', ctrl: true })).toBe(false);
  });

  test('searches what is behind a line too; Escape shows all again', async () => {
    const one = browser();
    await press(one, '/', ...'NEEDLE', 'return');
    expect(one.lines(12, 60, plain)[0]).toBe('all · 1 of 1 · /NEEDLE');
    expect(marked(one)).toBe('> line 33');
    await press(one, 'escape');
    expect(one.lines(12, 60, plain)[0]).toBe('all · 1 of 50');
    await press(one, '/', 'x', 'q', 'backspace', 'escape');
    expect(one.lines(12, 60, plain)[0]).toBe('all · 1 of 50');
  });

  test('a page that cannot be read is told, and ends nothing', async () => {
    const one = new Browser({ title: 'all', items: [{ line: 'a', open: () => Promise.reject(new Error('gone')) }] });
    await one.press({ name: 'return' });
    expect(one.lines(5, 60, plain).at(-1)).toBe('gone');
  });

  test('fills the screen exactly, whatever its size', () => {
    for (const [rows, columns] of [
      [3, 10],
      [24, 80],
      [60, 200],
    ] as const) {
      const lines = browser().lines(rows, columns, plain);
      expect(lines).toHaveLength(rows);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
    }
  });

  test('leaves the terminal as it was', async () => {
    const raw: boolean[] = [];
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
    const written: string[] = [];
    const screen = { isTTY: true, rows: 10, columns: 40, write: (text: string) => written.push(text) };
    const over = browseOn(browser(), screen, input, plain);
    input.write('\u001b[B');
    input.write('q');
    await over;
    expect(raw).toEqual([true, false]);
    expect(written.join('')).toContain('> line 1');
    expect(written[0]?.startsWith('\u001b[?1049h')).toBe(true);
    expect(written.at(-1)).toBe('\u001b[?25h\u001b[?1049l');
  });
});

describe('the command', () => {
  const run = (id: string, agent: string | null): RunSummary => ({
    id,
    runId: 'uuid',
    agent,
    status: 'completed',
    executionStatus: 'COMPLETED',
    costUsd: 0,
    startedAt: when,
    closedAt: when,
    historyEvents: 3,
    parent: null,
  });
  const holdfast = {
    async *list() {
      yield* [run('alpha', 'clerk'), run('beta', null)];
    },
    describe: async () => run('alpha', 'clerk'),
    get: () => ({
      messages: async () => [user('Do it.'), assistant('It is Done.')],
      figures: async () => new Map(),
    }),
  } as unknown as HoldfastClient;

  /** What it writes; `keys` are pressed on a terminal. */
  async function written(id: string | undefined, options: Parameters<typeof browse>[3], json = false, keys?: string) {
    const texts: string[] = [];
    const stdout = { write: (text: string) => texts.push(text), isTTY: keys !== undefined, rows: 6, columns: 60 };
    const out = new Output({ json, stdout, stderr: stdout, env: {} });
    const input = Object.assign(new PassThrough(), { isTTY: keys !== undefined });
    if (keys !== undefined) input.end(keys);
    await browse(holdfast, out, id, options, input);
    return texts.join('');
  }

  test('without a terminal it lists runs, or the steps of one, those with a text in them, or one step whole', async () => {
    expect(await written(undefined, {})).toMatch(/alpha +clerk[\s\S]*beta +\?/);
    expect(await written(undefined, { find: 'CLERK' })).not.toContain('beta');
    expect(JSON.parse(await written('alpha', { find: 'done' }, true))).toMatchObject([{ step: 2, kind: 'turn' }]);
    expect(await written('alpha', {})).toMatch(/1 +input: Do it\.\n2 +1 +says: It is Done\./);
    expect(await written('alpha', { step: 2 })).toMatch(/step 2 · turn 1 · turn[\s\S]*It is Done\./);
  });

  test('a step that is not there, or of no run, is refused', async () => {
    await expect(written('alpha', { step: 3 })).rejects.toMatchObject({ message: 'the run has 2 steps, no step 3' });
    await expect(written(undefined, { step: 3 })).rejects.toMatchObject({
      code: 'Input.Invalid',
      message: expect.stringContaining('--step'),
    });
  });

  test('on a terminal it is read page by page, of all runs or of one', async () => {
    expect(await written(undefined, {}, false, 'q')).toContain('runs · 1 of 2');
    expect(await written('alpha', {}, false, 'q')).toContain('alpha · 1 of 2');
    // JSON is for programs, wherever it goes.
    expect(JSON.parse(await written('alpha', {}, true, 'q'))).toHaveLength(2);
  });
});
