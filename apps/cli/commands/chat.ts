import type { Command } from 'commander';
import type { ChatRequest } from '../chat/run-chat';
import { collect, durationMs, positiveNumber, variables } from '../flags';

interface ChatFlags {
  id?: string;
  title?: string;
  model?: string;
  budget?: number;
  in?: string[];
  idleTimeout?: number;
  var?: Record<string, string>;
}

export function registerChat(program: Command): void {
  program
    .command('chat')
    .description('a conversation that survives everything; with an id of an open one, that one goes on')
    .argument('<agent>', 'name of an agent; `holdfast agent list` shows them')
    .option('--id <id>', 'id of the chat')
    .option('--title <text>', 'what it is about')
    .option('--model <provider/model>', "instead of the agent's model")
    .option('--budget <usd>', 'US dollars the whole chat may cost', positiveNumber)
    .option('--in <dir>', 'folder the agent may read; may be given several times', collect)
    .option('--idle-timeout <duration>', 'closes the chat after this long without a message, e.g. 7d', durationMs)
    .option(
      '--var <name=value>',
      'stands for {{name}} in instructions and messages; may be given several times',
      variables,
    )
    .addHelpText(
      'after',
      '\nOn a terminal /help lists what can be said beside messages. Otherwise every line of standard input is a message,\nand every answer goes to standard output; the chat stays open at the end.',
    )
    .action(async (agent: string, flags: ChatFlags, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { mountsOf } = require('../mounts') as typeof import('../mounts');
      const { runChat } = require('../chat/run-chat') as typeof import('../chat/run-chat');
      const { in: folders = [], var: given, ...options } = flags;
      const mounts = mountsOf(folders);
      const set = given && { variables: given };
      const request: ChatRequest = { agent, ...options, ...set, ...(mounts.length > 0 && { mounts }) };
      process.exitCode = await runChat(contextOf(command), request);
    });
}
