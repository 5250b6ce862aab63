import { Catalogue, type CatalogueContents } from '../../../activities/catalogue';
import { resolveAgent } from '../../../activities/resolve-agent';
import type { InvokeModelInput } from '../../../protocol/activities';
import type { AgentDefinition } from '../../../protocol/agent';
import { HoldfastError } from '../../../protocol/failures';
import { toolSpec } from '../../fixtures/agents';

const writer: AgentDefinition = { name: 'writer', instructions: 'Write.', tools: ['slow'], tags: ['a'] };
const tools = [toolSpec('slow'), toolSpec('fast')];

function catalogueOf(agents: AgentDefinition[], changes: Partial<CatalogueContents> = {}): Catalogue {
  return new Catalogue({
    agents,
    tools,
    expandTools: (names) => names.flatMap((name) => (name === 'all' ? ['slow', 'fast'] : [name])),
    defaultModel: 'scripted/default',
    checkModel: () => undefined,
    ...changes,
  });
}

const revisionOf = (changes: Partial<AgentDefinition> = {}, contents: Partial<CatalogueContents> = {}): string =>
  catalogueOf([{ ...writer, ...changes }], contents).resolve('writer').revision;

describe('a revision', () => {
  test.each<[string, Partial<AgentDefinition>]>([
    ['written again', {}],
    ['with defaults spelled out', { outputRepairs: 2, limits: { turns: 100 }, model: 'scripted/default' }],
    ['with the deadline in another unit', {}],
  ])('is the same for the same agent %s', (_what, changes) => {
    expect(revisionOf(changes)).toBe(revisionOf());
  });

  test('does not depend on the order in which keys are written', () => {
    const turned = Object.fromEntries(Object.entries(writer).reverse()) as AgentDefinition;
    expect(catalogueOf([turned]).resolve('writer').revision).toBe(revisionOf());
  });

  test('is the same for equal lengths of time', () => {
    expect(revisionOf({ limits: { deadline: '60s' } })).toBe(revisionOf({ limits: { deadline: '1m' } }));
  });

  test('is another after any change of the agent, its model or its tools', () => {
    const changes: Partial<AgentDefinition>[] = [
      { instructions: 'Write!' },
      { description: 'x' },
      { role: 'editor' },
      { model: 'scripted/other' },
      { tools: ['fast'] },
      { tools: ['slow', 'fast'] },
      { tools: ['fast', 'slow'] },
      { parameters: { temperature: 0 } },
      { limits: { turns: 3 } },
      { limits: { deadline: '1m' } },
      { context: { keepFirst: 2 } },
      { output: { type: 'object' } },
      { outputRepairs: 1 },
      { parallelToolCalls: 1 },
      { tags: ['b'] },
    ];
    const changedTool = { tools: [toolSpec('slow', { timeoutMs: 2 }), toolSpec('fast')] };
    const revisions = [revisionOf(), ...changes.map((change) => revisionOf(change)), revisionOf({}, changedTool)];
    expect(new Set(revisions).size).toBe(changes.length + 2);
    expect(revisions[0]).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('an agent of the catalogue', () => {
  const catalogue = catalogueOf([
    writer,
    { name: 'reader', instructions: 'Read.', tools: ['all'], model: 'scripted/own' },
  ]);

  test('is resolved with its tools as data and its model', () => {
    expect(catalogue.resolve('reader')).toMatchObject({ model: 'scripted/own', tools, limits: { turns: 100 } });
    expect(catalogue.resolve('writer').model).toBe('scripted/default');
    expect(catalogue.resolve('reader', 'scripted/given').model).toBe('scripted/given');
  });

  test('is resolved once', () => {
    expect(catalogue.resolve('writer')).toBe(catalogue.resolve('writer'));
    expect(catalogue.find('writer', 'scripted/default')).toBe(catalogue.resolve('writer'));
  });

  test('is unknown under another name, with the names there are', () => {
    expect(() => catalogue.resolve('nobody')).toThrow(
      expect.objectContaining({ code: 'Agent.Unknown', hint: expect.stringContaining('reader, writer') }),
    );
    expect(() => catalogueOf([]).resolve('x')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('none') }),
    );
    expect(catalogue.find('nobody', 'scripted/default')).toBeUndefined();
    expect(catalogue.agentNames()).toEqual(['reader', 'writer']);
  });

  test('a model that cannot be served is said when it is asked for', () => {
    const checkModel = (route: string) => {
      throw new HoldfastError('Model.MissingKey', route);
    };
    expect(() => catalogueOf([writer], { checkModel }).resolve('writer')).toThrow('scripted/default');
  });

  test('a foreign revision is remembered', () => {
    const foreign = { ...catalogue.resolve('writer'), revision: 'older' };
    expect(catalogue.pinned('older')).toBeUndefined();
    catalogue.pin(foreign);
    expect(catalogue.pinned('older')).toBe(foreign);
  });

  test('tools are found by name', () => {
    expect(catalogue.tool('slow')).toBe(tools[0]);
    expect(() => catalogue.tool('none')).toThrow(
      expect.objectContaining({ code: 'Tool.Unknown', hint: 'Known tools: fast, slow.' }),
    );
  });
});

describe('agents that could not run are refused when the worker starts', () => {
  test.each<[string, AgentDefinition[], string, string]>([
    ['an invalid field', [{ ...writer, limits: { turns: -1 } }], 'Agent.Invalid', 'limits.turns'],
    ['the same name twice', [writer, writer], 'Agent.Invalid', 'two agents are named "writer"'],
    ['an output schema that is none', [{ ...writer, output: { type: 'objekt' } }], 'Agent.Invalid', 'output'],
    ['a tool nobody has', [{ ...writer, tools: ['nothing'] }], 'Tool.Unknown', 'nothing'],
    ['no definition at all', [undefined as unknown as AgentDefinition], 'Agent.Invalid', '(root)'],
  ])('%s', (_what, agents, code, message) => {
    expect(() => catalogueOf(agents)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('options of a run, whoever started it', () => {
  const catalogue = catalogueOf([writer]);

  test('are checked, with units settled and defaults of the options filled in', () => {
    const { agent, options } = resolveAgent(
      {
        agent: 'writer',
        options: {
          limits: { deadline: '10m', turns: 3 },
          mounts: [{ name: 'docs', path: '/docs' }],
          model: 'scripted/given',
        },
      },
      catalogue,
    );
    expect(agent.model).toBe('scripted/given');
    expect(options.limits).toEqual({ deadline: 600_000, turns: 3 });
    expect(options.mounts).toEqual([{ name: 'docs', path: '/docs', access: 'read' }]);
  });

  test('that were checked once pass unchanged', () => {
    const given = { limits: { deadline: '10m' } };
    const { options } = resolveAgent({ agent: 'writer', options: given }, catalogue);
    expect(resolveAgent({ agent: 'writer', options }, catalogue).options).toEqual(options);
  });

  test.each<[NonNullable<InvokeModelInput['options']> & { surprise?: number }, string]>([
    [{ limits: { deadline: 'soon' } }, 'limits.deadline'],
    [{ limits: { turns: '3' } }, 'limits.turns'],
    [{ rolloverTurns: 0 }, 'rolloverTurns'],
    [{ mounts: [{ name: '../etc', path: '/etc' }] }, 'mounts.0.name'],
    [{ surprise: 1 }, '(options)'],
  ])('%j are refused: %s', (options, where) => {
    expect(() => resolveAgent({ agent: 'writer', options }, catalogue)).toThrow(
      expect.objectContaining({ code: 'Input.Invalid', message: expect.stringContaining(where) }),
    );
  });
});
