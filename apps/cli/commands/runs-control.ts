import type { Command } from 'commander';
import type { RunHandle } from '../../../client';
import { WHY } from '../flags';

interface Move {
  name: string;
  description: string;
  /** Further arguments after the id. */
  args?: [name: string, description: string][];
  act(run: RunHandle, args: string[], reason?: string): Promise<void>;
  done(id: string, args: string[]): string;
}

const MOVES: Move[] = [
  {
    name: 'pause',
    description: 'let what runs end and start nothing new',
    act: (run, _args, reason) => run.pause(reason),
    done: (id) => `${id} pauses; \`holdfast runs resume ${id}\` goes on, \`holdfast runs step ${id}\` takes one turn`,
  },
  {
    name: 'resume',
    description: 'end a pause',
    act: (run, _args, reason) => run.resume(reason),
    done: (id) => `${id} goes on`,
  },
  {
    name: 'steer',
    description: 'tell the model something before its next call; the run goes on',
    args: [['<text>', 'guidance']],
    act: (run, [text = ''], reason) => run.steer(text, reason),
    done: (id) => `${id} will know before its next model call`,
  },
];

/** Moves that take an id, a reason and nothing else that needs care. */
export function registerRunsControl(runs: Command): void {
  for (const move of MOVES) {
    const command = runs.command(move.name).description(move.description).argument('<id>');
    for (const [name, description] of move.args ?? []) command.argument(name, description);
    command.option(...WHY).action(async (id: string, ...rest: unknown[]) => {
      const self = rest.at(-1) as Command;
      const { reason } = self.opts<{ reason?: string }>();
      const args = rest.slice(0, -2) as string[];
      await control(self, id, (run) => move.act(run, args, reason), { action: move.name }, move.done(id, args));
    });
  }
}

/** Does one thing to a run and says so. */
export async function control(
  command: Command,
  id: string,
  act: (run: RunHandle) => Promise<void>,
  data: { action: string } & Record<string, unknown>,
  done: string,
): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const context = contextOf(command);
  await withLink(context, ({ holdfast }) => act(holdfast.get(id)));
  context.out.data({ id, ...data }, () => done);
}
