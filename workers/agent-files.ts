import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';
import { AGENT_NAME } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { RotatingFile, type RotatingFileOptions } from './rotating-file';

/** Files that are open at once; the one that was not written for longest is closed for another. */
const MAX_OPEN = 100;

/** The log of each agent in a file of its own, `DIR/AGENT.log`: the lines of its model and tool calls, as JSON. */
export class AgentFiles {
  private readonly open = new Map<string, RotatingFile>();

  /** @throws HoldfastError `Config.Invalid` when the folder cannot be written. */
  constructor(
    private readonly folder: string,
    private readonly options: RotatingFileOptions = {},
  ) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
    } catch (cause) {
      throw new HoldfastError('Config.Invalid', `no logs can be kept in ${folder}: ${(cause as Error).message}`, {
        hint: 'Give a folder you may write to: log.agents in holdfast.yaml.',
        cause,
      });
    }
  }

  /** @param line of the log, as JSON; one that is about no agent is left out. */
  write(line: string): void {
    const agent = agentOf(line);
    if (agent === undefined) return;
    try {
      this.fileOf(agent).write(line);
    } catch {
      // A file that cannot be opened now: the same line has been written to standard error.
    }
  }

  /** Resolves when all is compressed. */
  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((file) => file.close()));
    this.open.clear();
  }

  private fileOf(agent: string): RotatingFile {
    const file = this.open.get(agent) ?? new RotatingFile(path.join(this.folder, `${agent}.log`), this.options);
    this.open.delete(agent);
    this.open.set(agent, file);
    const [oldest] = this.open.keys();
    if (this.open.size > MAX_OPEN && oldest !== undefined) {
      void this.open.get(oldest)?.close();
      this.open.delete(oldest);
    }
    return file;
  }
}

/** Only names that agents may have become names of files. */
function agentOf(line: string): string | undefined {
  if (!line.includes('"agent":')) return undefined;
  const { agent } = JSON.parse(line) as { agent?: unknown };
  return typeof agent === 'string' && AGENT_NAME.test(agent) ? agent : undefined;
}
