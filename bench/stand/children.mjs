import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Every process of the bench; all of them end with it. */
const running = new Set();

export function startProcess(file, { env = {}, args = [], execArgv = [] } = {}) {
  const child = fork(file, args, {
    env: { ...process.env, ...env },
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let tail = '';
  child.stderr.on('data', (text) => {
    tail = `${tail}${text}`.slice(-4_000);
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.lastWords = () => tail;
  return child;
}

/** The next message, or an error when the process ends first. */
export async function nextMessage(child) {
  const gone = new AbortController();
  const ended = once(child, 'exit', { signal: gone.signal }).then(() => {
    throw new Error(`${child.spawnargs[1]} ended:\n${child.lastWords()}`);
  });
  ended.catch(() => undefined);
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: gone.signal }), ended]);
    return message;
  } finally {
    gone.abort();
  }
}

export async function ask(child, question) {
  const answer = nextMessage(child);
  child.send(question);
  const message = await answer;
  if (message.error) throw new Error(message.error);
  return message;
}

export async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

export async function killAll() {
  await Promise.all([...running].map(kill));
}
