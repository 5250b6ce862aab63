import { checkAgent, parseAgentYaml } from '../../../workers/project/agent-file';

const FILE = 'agents/writer.yaml';

describe('an agent in YAML', () => {
  test('is the same definition as in TypeScript', () => {
    expect(parseAgentYaml('instructions: Write.\nlimits: { deadline: 10m }\ntools: [files]\n', FILE)).toEqual({
      name: 'writer',
      instructions: 'Write.',
      limits: { deadline: '10m' },
      tools: ['files'],
    });
  });

  test.each(['writer.yaml', 'writer.yml', 'agents/deep/writer.yaml'])('%s names it writer', (file) => {
    expect(parseAgentYaml('instructions: Write.', file).name).toBe('writer');
  });

  test('its own name wins over the file’s', () => {
    expect(parseAgentYaml('name: editor\ninstructions: Edit.', FILE).name).toBe('editor');
  });
});

const tens = (name: string): string => Array(10).fill(name).join(', ');
const bomb = `tags: &a [${tens('x')}]\nb: &b [${tens('*a')}]\nc: &c [${tens('*b')}]\nd: [${tens('*c')}]\n`;

describe('a wrong file is refused with file, line, path and hint', () => {
  test.each<[string, string, number, string]>([
    ['an unknown key', 'instructions: Write.\ntols: [files]', 2, 'tols'],
    ['an unknown key further down', 'instructions: Write.\nlimits:\n  turns: 3\n  cost: 5', 4, 'cost'],
    ['a wrong value', 'instructions: Write.\nlimits:\n  turns: many', 3, 'limits.turns'],
    ['a wrong item', 'instructions: Write.\ntools:\n  - files\n  - 7', 4, 'tools.1'],
    ['a missing key', '\nname: writer\n', 2, 'instructions'],
    ['a name that cannot be one', 'name: My Agent\ninstructions: x', 1, 'name'],
    ['a length of time that is none', 'instructions: x\nlimits:\n  deadline: soon', 3, 'limits.deadline'],
    ['broken syntax', 'instructions: "Write.\ntools: [files', 2, ''],
    ['a key twice', 'instructions: a\ninstructions: b', 2, 'unique'],
    ['a list', '- instructions: Write.', 1, 'not a mapping'],
    ['text', 'Write.', 1, 'not a mapping'],
    ['nothing', '', 1, 'not a mapping'],
    ['a comment', '# later', 1, 'not a mapping'],
    ['an alias of nothing', 'instructions: *x', 1, 'Unresolved alias'],
    ['a bomb of aliases', bomb, 1, 'Excessive alias count'],
    ['two documents', '---\ninstructions: a\n---\ninstructions: b', 3, 'multiple documents'],
  ])('%s', (_what, text, line, problem) => {
    const parse = () => parseAgentYaml(text, FILE);
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'Agent.Invalid',
        message: expect.stringMatching(new RegExp(`^agents/writer\\.yaml:${line}: .*${problem}`)),
        hint: expect.stringMatching(/\S/),
        details: { place: `${FILE}:${line}` },
      }),
    );
  });

  test('known keys are listed for an unknown one', () => {
    expect(() => parseAgentYaml('instructions: x\ntols: []', FILE)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/Known keys: name, .*tools/) }),
    );
  });

  test('how many more are wrong is told', () => {
    expect(() => parseAgentYaml('instructions: ""\noutputRepairs: 99\ntags: 1', FILE)).toThrow('(and 2 more)');
  });
});

describe('an agent in TypeScript', () => {
  test('is checked by the same schema, without a line', () => {
    expect(() => checkAgent({ name: 'writer' }, 'agents/writer.ts')).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^agents\/writer\.ts: instructions/) }),
    );
    expect(() => checkAgent(undefined, 'agents/writer.ts')).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^agents\/writer\.ts: \(root\)/) }),
    );
  });
});
