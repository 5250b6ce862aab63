import type { Notice, Notifier } from './notifier';

/**
 * Prints each notice where the worker runs. Its texts come from models: whoever prints them makes visible what would act on a
 * terminal.
 */
export function terminal(print: (notice: Notice) => void): Notifier {
  return {
    name: 'terminal',
    async notify(notice) {
      print(notice);
    },
  };
}
