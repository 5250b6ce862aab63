import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface ParentReport {
  address: string;
  pid: number;
  owned: boolean;
  port: number;
}

export interface ParentProcess {
  child: ChildProcess;
  report: ParentReport;
}

/** Starts a process that starts an embedded server, and waits for what it says about it. */
export async function spawnParent(home: string, port = 0): Promise<ParentProcess> {
  const child = spawn(process.execPath, [path.join(__dirname, 'embedded-parent.cjs'), home, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the parent ended with ${code} before its server was up`)));
  });
  return { child, report: JSON.parse(line) as ParentReport };
}

/** Ends it if it still runs, and waits until it has. */
export async function endParent({ child }: ParentProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}
