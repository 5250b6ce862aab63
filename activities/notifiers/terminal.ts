import type { Notice, Notifier } from './notifier';

/**
 * Prints each notice where the worker runs. Its texts come from models: whoever prints them makes visible what would act on a
 * terminal.
 *
 * @example
 * ```ts
 * import { HoldfastPlugin, terminal } from 'holdfast/worker';
 *
 * const print = terminal((notice) => console.log(JSON.stringify(notice)));
 * const plugin = new HoldfastPlugin({ notifiers: [print] });
 * ```
 */
export function terminal(print: (notice: Notice) => void): Notifier {
  return {
    name: 'terminal',
    async notify(notice) {
      print(notice);
    },
  };
}
