import path from 'node:path';
import type { Command } from 'commander';
import { Output } from './output';

/** Options every command has. */
export interface GlobalOptions {
  project?: string;
  home?: string;
  address?: string;
  namespace?: string;
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
  /** The environment with `--address` and `--namespace` in it: one place to look. */
  env: NodeJS.ProcessEnv;
  /** The global flags that name a place, as they must be repeated in a command that comes back to it. */
  placeFlags: string;
}

export function contextOf(command: Command): Context {
  return createContext(command.optsWithGlobals<GlobalOptions>(), process.env);
}

export function createContext(given: GlobalOptions, base: NodeJS.ProcessEnv): Context {
  const { address, namespace, json, quiet, verbose } = given;
  const project = path.resolve(given.project ?? '.');
  const home = path.resolve(given.home ?? (base.HOLDFAST_HOME || path.join(project, '.holdfast')));
  const env = {
    ...base,
    HOLDFAST_HOME: home,
    ...(address !== undefined && { TEMPORAL_ADDRESS: address }),
    ...(namespace !== undefined && { TEMPORAL_NAMESPACE: namespace }),
  };
  const out = new Output({ ...(json && { json }), ...(quiet && { quiet }), ...(verbose && { verbose }), env });
  return { out, project, home, env, placeFlags: placeFlags(given) };
}

const PLACES = ['project', 'home', 'address', 'namespace'] as const;

function placeFlags(given: GlobalOptions): string {
  return PLACES.map((name) => (given[name] === undefined ? '' : ` --${name} ${shellWord(given[name])}`)).join('');
}

/** A word as a POSIX shell takes it literally. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
