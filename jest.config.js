const { availableParallelism } = require('node:os');

/** Suites: `unit`, `contract` and `boundaries` need nothing running; `workflows` share one embedded Temporal server, the rest start their own. */
const swc = [
  '@swc/jest',
  { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
];
const esmOnly = ['@clack', 'sisteransi', 'chokidar', 'readdirp'].join('|');

const common = {
  // One for all: what one suite has transformed, and instrumented, need not be again by each of the others.
  id: 'holdfast',
  testEnvironment: 'node',
  transform: { '^.+\\.m?[jt]s$': swc },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/bench/node_modules/'],
};

const suite = (name, extra = {}) => ({
  ...common,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  ...extra,
});

const withServer = {
  globalSetup: '<rootDir>/test/setup/start-server.ts',
  globalTeardown: '<rootDir>/test/setup/stop-server.ts',
};

module.exports = {
  // Two where there are two cores: many suites wait for processes more than they compute, and none depends on being alone.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  testTimeout: 60_000,
  coverageProvider: 'babel',
  collectCoverageFrom: [
    '{protocol,streams,workflows,activities,workers,client,apps,testing}/**/*.ts',
    '!**/index.ts',
    '!**/*.d.ts',
  ],
  // Kept by CI, which measures: a change that is not tested is not done.
  coverageThreshold: { global: { lines: 95, branches: 90 }, './workflows/': { lines: 95, branches: 90 } },
  projects: [
    suite('unit'),
    suite('contract'),
    suite('boundaries'),
    suite('activities'),
    suite('workflows', withServer),
    suite('replay'),
    suite('crash'),
    suite('e2e'),
  ],
};
