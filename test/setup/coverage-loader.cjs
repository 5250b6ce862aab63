/**
 * A webpack loader that compiles and instruments workflow code exactly as jest does for the rest: what a workflow executes in
 * its sandbox then adds up, line by line, with what unit tests execute of the same files. What there is to count in a file is left
 * in `mapsFolder`: it does not change, and need not come out of every sandbox, nor go into one.
 */
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const babel = require('@babel/core');
const { createTransformer } = require('@swc/jest');
const config = require('../../jest.config.js');

const [, swcOptions] = Object.values(config.projects[0].transform)[0];
const swc = createTransformer(swcOptions);
/** What a sandbox needs of a file's coverage; the rest is where each thing stands in the source. */
const COUNTED = ['path', 'hash', 's', 'f', 'b'];

/** The sandbox freezes what modules that are loaded once leave in its globals, but not what is in a function. */
const HOLDER = 'globalThis.__holdfastCoverage ??= Object.assign(() => {}, { counters: {} });';

module.exports = function instrument(source) {
  const filename = this.resourcePath;
  const kept = path.join(this.getOptions().mapsFolder, createHash('sha256').update(filename).digest('hex'));
  // Several bundles hold the same files, and nothing changes while the suites run.
  if (existsSync(`${kept}.js`)) return readFileSync(`${kept}.js`, 'utf8');
  const { code, map } = swc.process(source, filename, { supportsStaticESM: false, config: {}, transformerConfig: {} });
  const inputSourceMap = map ? JSON.parse(map) : inlineMapOf(code);
  const options = {
    compact: false,
    cwd: this.rootContext,
    exclude: [],
    extension: false,
    inputSourceMap,
    useInlineSourceMaps: false,
    coverageVariable: 'counters',
    coverageGlobalScope: 'globalThis.__holdfastCoverage',
    coverageGlobalScopeFunc: false,
    onCover: (_file, counters) => keep(`${kept}.json`, JSON.stringify(counters)),
  };
  const plugins = [[require.resolve('babel-plugin-istanbul'), options], countersOnly];
  const made = babel.transformSync(code, { filename, plugins, babelrc: false, configFile: false, sourceMaps: false });
  keep(`${kept}.js`, HOLDER + made.code);
  return HOLDER + made.code;
};

/** Leaves the counters alone: the maps were four fifths of a bundle that every worker reads. */
function countersOnly() {
  const isCoverage = ({ type, id }) => type === 'FunctionDeclaration' && id.name.startsWith('cov_');
  const reduce = (program) => {
    const declared = program.body
      .filter(isCoverage)
      .flatMap(({ body }) => body.body)
      .flatMap(({ declarations }) => declarations ?? []);
    for (const { id, init } of declared) {
      if (id.name !== 'coverageData') continue;
      init.properties = init.properties.filter(({ key }) => COUNTED.includes(key.name));
    }
  };
  return { visitor: { Program: { exit: ({ node }) => reduce(node) } } };
}

function inlineMapOf(code) {
  const encoded = /sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,(\S+)/.exec(code)?.[1];
  return encoded && JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
}

function keep(file, content) {
  mkdirSync(path.dirname(file), { recursive: true });
  // Two processes may make it at once: either is whole.
  writeFileSync(`${file}.${process.pid}`, content);
  renameSync(`${file}.${process.pid}`, file);
}
