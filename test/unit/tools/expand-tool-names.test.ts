import { BUILTIN_TOOLS, expandToolNames, WORKFLOW_TOOLS } from '../../../activities/tools';

const all = [...BUILTIN_TOOLS, ...WORKFLOW_TOOLS];

test('a toolset is all its tools, a name itself, each once and in order', () => {
  expect(expandToolNames(['clock_now', 'calculator', 'clock', 'calculator'], all)).toEqual([
    'clock_now',
    'calculator',
    'clock_shift',
    'clock_between',
  ]);
  expect(expandToolNames(['files'], all)).toEqual([
    'files_read',
    'files_write',
    'files_create',
    'files_edit',
    'files_delete',
    'files_list',
    'files_walk',
    'files_search',
    'files_info',
  ]);
  expect(expandToolNames(['todo'], all)).toEqual(['todo']);
  expect(expandToolNames([], all)).toEqual([]);
});

test.each([
  ['calculater', 'Did you mean calculator?'],
  ['Files', 'Did you mean files?'],
  ['file', 'Did you mean files'],
  ['files.read', 'Did you mean files_read'],
  ['files-red', 'Did you mean files_read'],
  ['to_do', 'Did you mean todo?'],
  ['clock', undefined],
  ['shell', /^Known tools and toolsets: files, files_read, .*todo, ask_human\.$/],
  ['', /^Known tools/],
  ['x'.repeat(100_000), /^Known tools/],
])('%.20s: %s', (name, hint) => {
  const expand = () => expandToolNames([name], all);
  if (hint === undefined) expect(expand).not.toThrow();
  else {
    const text = typeof hint === 'string' ? expect.stringContaining(hint) : expect.stringMatching(hint);
    expect(expand).toThrow(expect.objectContaining({ code: 'Tool.Unknown', hint: text }));
  }
});

test('where there are no tools the hint says so', () => {
  expect(() => expandToolNames(['a'], [])).toThrow(
    expect.objectContaining({ hint: 'Known tools and toolsets: none.' }),
  );
});

test('no two tools share a name, and no toolset has the name of a tool outside of it', () => {
  const names = all.map((tool) => tool.name);
  expect(new Set(names).size).toBe(names.length);
  for (const { toolset } of BUILTIN_TOOLS) expect(names).not.toContain(toolset);
});
