import path from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../workers/config/load-config';
import { Output } from './output';

/** Options every command has. */
export interface GlobalOptions {
  project?: string;
  home?: string;
  address?: string;
  namespace?: string;
  profile?: string;
  /** Of `dev` and `worker`. */
  logFile?: string;
  /** Of `dev` and `worker`, in ms. */
  grace?: number;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Where a command works, and how it tells. */
export interface Context {
  out: Output;
  /** Absolute. */
  project: string;
  /** Absolute. */
  home: string;
  /** The environment with the settings of server and log in it, wherever they come from: one place to look. */
  env: NodeJS.ProcessEnv;
  /** The settings of the project, as they were when the command started. */
  config: Config;
  /** The same, as they are now. */
  readConfig(): Config;
  /** The global flags that name a place, as they must be repeated in a command that comes back to it. */
  placeFlags: string;
}

/** @throws HoldfastError `Config.Invalid` for settings that cannot be used. */
export function contextOf(command: Command): Context {
  return createContext(command.optsWithGlobals<GlobalOptions>(), process.env);
}

/** For commands that must work while the project's file does not. */
export function surroundingsOf(command: Command): Surroundings {
  return createSurroundings(command.optsWithGlobals<GlobalOptions>(), process.env);
}

export function createContext(given: GlobalOptions, base: NodeJS.ProcessEnv): Context {
  return withConfig(createSurroundings(given, base));
}

/** @throws HoldfastError `Config.Invalid`. */
export function withConfig(around: Surroundings, config = around.readConfig()): Context {
  const { environmentOf } =
    require('../../workers/config/environment') as typeof import('../../workers/config/environment');
  return { ...around, config, env: { ...around.env, ...environmentOf(config.settings) } };
}

/** What is known of a command before the project's settings are read. */
export type Surroundings = Omit<Context, 'config'>;

function createSurroundings(given: GlobalOptions, base: NodeJS.ProcessEnv): Surroundings {
  const { json, quiet, verbose } = given;
  const project = path.resolve(given.project ?? '.');
  const home = path.resolve(given.home ?? (base.HOLDFAST_HOME || path.join(project, '.holdfast')));
  const env = { ...base, HOLDFAST_HOME: home };
  const out = new Output({ ...(json && { json }), ...(quiet && { quiet }), ...(verbose && { verbose }), env });
  return { out, project, home, env, readConfig: () => readConfig(project, base, given), placeFlags: placeFlags(given) };
}

function readConfig(root: string, env: NodeJS.ProcessEnv, given: GlobalOptions): Config {
  const { profile, address, namespace, logFile, grace } = given;
  const { loadConfig } =
    require('../../workers/config/load-config') as typeof import('../../workers/config/load-config');
  const flags = [
    { key: 'temporal.address', value: address, flag: '--address' },
    { key: 'temporal.namespace', value: namespace, flag: '--namespace' },
    { key: 'log.file', value: logFile && path.resolve(logFile), flag: '--log-file' },
    { key: 'worker.shutdownGrace', value: grace, flag: '--grace' },
  ].filter(({ value }) => value !== undefined);
  return loadConfig({ root, env, flags, ...(profile !== undefined && { profile }) });
}

const PLACES = ['project', 'home', 'address', 'namespace', 'profile'] as const;

function placeFlags(given: GlobalOptions): string {
  return PLACES.map((name) => (given[name] === undefined ? '' : ` --${name} ${shellWord(given[name])}`)).join('');
}

/** A word as a POSIX shell takes it literally. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
