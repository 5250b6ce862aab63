import type { Command } from 'commander';

/** `show` and `get` go by all layers; the others by the file alone, and so work while it cannot be used. */
export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description('settings of this project: what counts, where it comes from, change it');
  registerShow(config);
  registerGet(config);
  registerSet(config);
  registerList(config);
  registerValidate(config);
  registerMigrate(config);
}

function registerShow(config: Command): void {
  config
    .command('show')
    .description('every setting that has a value')
    .option('--origin', 'with where each comes from: default, file and line, variable or flag')
    .action(async (flags: { origin?: boolean }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { configData, configText } = require('../config-text') as typeof import('../config-text');
      const { out, config: shown } = contextOf(command);
      out.data(configData(shown), () => configText(shown, flags.origin === true, out.style));
    });
}

function registerGet(config: Command): void {
  config
    .command('get')
    .description('one setting, or all below a key; exits with 1 when there is no value')
    .argument('<key>', 'e.g. worker.taskQueue; `holdfast config list` shows them')
    .action(async (key: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { valuesAt } = require('../config-text') as typeof import('../config-text');
      const { out, config: shown } = contextOf(command);
      const found = valuesAt(shown, key);
      out.data(found.value ?? null, () => found.text);
      if (found.value === undefined) process.exitCode = 1;
    });
}

function registerSet(config: Command): void {
  config
    .command('set')
    .description('change one setting in the file; comments stay, the file before is kept as .bak')
    .argument('<key>', 'e.g. worker.taskQueue; `holdfast config list` shows them')
    .argument('<value>')
    .option('--in-profile <name>', 'in this profile only')
    .action(async (key: string, value: string, flags: { inProfile?: string }, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { setConfig } = require('../change-config') as typeof import('../change-config');
      setConfig(surroundingsOf(command), key, value, flags.inProfile);
    });
}

function registerList(config: Command): void {
  config
    .command('list')
    .description('every setting there is: type, default, environment variable, meaning')
    .action(async (_flags: object, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { configReference } =
        require('../../../workers/config/reference') as typeof import('../../../workers/config/reference');
      const { referenceText } = require('../config-text') as typeof import('../config-text');
      const { out } = surroundingsOf(command);
      const rows = configReference();
      out.data(rows, () => referenceText(rows, out.style));
    });
}

function registerValidate(config: Command): void {
  config
    .command('validate')
    .description('check the file, and the environment with it; exits with 2 when anything is not valid')
    .action(async (_flags: object, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { validateConfig } = require('../change-config') as typeof import('../change-config');
      process.exitCode = validateConfig(surroundingsOf(command));
    });
}

function registerMigrate(config: Command): void {
  config
    .command('migrate')
    .description('write the file as this version of Holdfast has it; the file before is kept as .bak')
    .option('--dry-run', 'only show what would change')
    .action(async (flags: { dryRun?: boolean }, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { migrateConfig } = require('../change-config') as typeof import('../change-config');
      migrateConfig(surroundingsOf(command), flags.dryRun === true);
    });
}
