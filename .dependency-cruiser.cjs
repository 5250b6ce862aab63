/**
 * The arrows between rooms, from `docs/architecture.md`. `npm run check` runs this; `test/boundaries/arrows.test.ts` plants
 * violations and sees them caught.
 */

const ROOMS = [
  'protocol',
  'streams',
  'workflows',
  'activities',
  'workers',
  'client',
  'apps',
  'testing',
  'examples',
  'bench',
  'test',
];
const ADAPTERS = '^activities/(providers|tools|stores)/';

/** A room may import from these rooms of ours, and from nowhere else of ours. */
function room(name, from, allowed, comment) {
  const others = ROOMS.filter((other) => !allowed.includes(other)).map((other) => `^${other}/`);
  return { name, severity: 'error', comment, from, to: { path: [...others, '^index\\.ts$'] } };
}

/** A room may use these packages and, unless told, Node's own modules. */
function packages(name, from, allowed, { node = true } = {}) {
  const known = allowed.length === 0 ? '$^' : `node_modules/(${allowed.join('|')})(/|$)`;
  return {
    name,
    severity: 'error',
    comment: `may use ${allowed.join(', ') || 'no packages'}${node ? ' and Node' : ', not Node'}`,
    from,
    to: {
      dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', ...(node ? [] : ['core'])],
      pathNot: known,
    },
  };
}

const temporal = (...names) => names.map((name) => `@temporalio/${name}`);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Modules that need each other at run time cannot be understood, or loaded, alone.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'All but the name that stands for the user’s own workflows in a bundle.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^__holdfast_user_workflows$' },
    },

    room(
      'protocol-is-the-bottom',
      { path: '^protocol/' },
      ['protocol'],
      'What crosses boundaries knows no side of them.',
    ),
    packages('protocol-packages', { path: '^protocol/' }, ['zod', 'ms', '@types/ms', ...temporal('common')], {
      node: false,
    }),

    room('streams-see-protocol', { path: '^streams/' }, ['streams', 'protocol'], 'Workers and clients both load it.'),
    packages('streams-packages', { path: '^streams/' }, ['pg', '@types/pg']),

    room('workflows-see-protocol', { path: '^workflows/' }, ['workflows', 'protocol'], 'Deterministic code only.'),
    packages('workflows-packages', { path: '^workflows/' }, temporal('workflow', 'common'), { node: false }),
    {
      name: 'workflows-without-zod',
      severity: 'error',
      comment:
        'These protocol files load zod, which triples the bundle: workflows take types from them and nothing else.',
      from: { path: '^workflows/' },
      to: {
        path: '^protocol/(agent|approval|control|define-agent|duration|messages|session|variables-schema|warm-pool|permissions/policy)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },

    room(
      'activities-see-protocol',
      { path: '^activities/' },
      ['activities', 'protocol', 'streams'],
      'I/O, below workers.',
    ),
    {
      name: 'adapters-without-temporal',
      severity: 'error',
      comment: 'Providers, tools and stores are usable, and tested, without a workflow engine.',
      from: { path: ADAPTERS },
      to: { path: 'node_modules/@temporalio/' },
    },
    {
      name: 'adapters-see-protocol-and-their-contract',
      severity: 'error',
      from: { path: ADAPTERS },
      to: { path: '^activities/', pathNot: '^activities/$1/' },
    },
    packages('activities-packages', { path: '^activities/', pathNot: ADAPTERS }, [
      ...temporal('activity', 'common'),
      'ajv',
      'jsonrepair',
      'lru-cache',
    ]),

    room(
      'workers-see-activities',
      { path: '^workers/' },
      ['workers', 'activities', 'protocol', 'streams'],
      'Workflows by path only.',
    ),
    room('client-sees-protocol', { path: '^client/' }, ['client', 'protocol', 'streams'], 'Usable without a worker.'),
    packages('client-packages', { path: '^client/' }, temporal('client', 'common')),
    room(
      'apps-are-thin',
      { path: '^apps/' },
      ['apps', 'client', 'protocol', 'streams', 'workers'],
      'Over the client; commands that run workers load them when they run.',
    ),
    room(
      'testing-is-public',
      { path: '^testing/' },
      ['testing', 'workers', 'activities', 'protocol', 'streams'],
      'A kit over the package, not over its tests.',
    ),
    {
      name: 'examples-use-the-package',
      severity: 'error',
      comment: 'An example shows what a user can write: published subpaths only.',
      from: { path: '^examples/' },
      to: { path: `^(${ROOMS.filter((name) => name !== 'examples').join('|')})/|^index\\.ts$` },
    },
    {
      name: 'entry-is-definitions',
      severity: 'error',
      comment: '`holdfast` is safe to import anywhere.',
      from: { path: '^index\\.ts$' },
      to: { path: '^(streams|workflows|workers|client|apps|testing|examples|test|bench)/|node_modules/@temporalio/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|^dist/' },
    exclude: { path: '^(coverage|bench/node_modules)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
    },
  },
};
