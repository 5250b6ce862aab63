/**
 * A webpack loader that compiles and instruments workflow code exactly as jest does for the rest: what a workflow executes in
 * its sandbox then adds up, line by line, with what unit tests execute of the same files. What there is to count in a file is left
 * in `mapsFolder`: it does not change, and need not come out of every sandbox.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const babel = require('@babel/core');
const { createTransformer } = require('@swc/jest');
const config = require('../../jest.config.js');

const [, swcOptions] = Object.values(config.projects[0].transform)[0];
const swc = createTransformer(swcOptions);

/** The sandbox freezes what modules that are loaded once leave in its globals, but not what is in a function. */
const HOLDER = 'globalThis.__holdfastCoverage ??= Object.assign(() => {}, { counters: {} });';

module.exports = function instrument(source) {
  const filename = this.resourcePath;
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
    onCover: (_file, counters) => keep(this.getOptions().mapsFolder, filename, counters),
  };
  const plugins = [[require.resolve('babel-plugin-istanbul'), options]];
  return (
    HOLDER + babel.transformSync(code, { filename, plugins, babelrc: false, configFile: false, sourceMaps: false }).code
  );
};

function inlineMapOf(code) {
  const encoded = /sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,(\S+)/.exec(code)?.[1];
  return encoded && JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
}

function keep(folder, filename, counters) {
  const file = path.join(folder, `${createHash('sha256').update(filename).digest('hex')}.json`);
  mkdirSync(folder, { recursive: true });
  // Two processes may make it at once: either is whole.
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(counters));
  renameSync(`${file}.${process.pid}`, file);
}
