import type { Notice } from '../../protocol/notice';
import type { ReadyWorker, ReloadListener } from '../../workers/project-worker';
import { decideCommands } from './approvals/approval-text';
import type { Context } from './context';
import { escapeLine } from './escape';
import { EXIT, type ExitCode } from './exit-codes';
import { SIMULATED } from './follow/result-text';
import { onInterrupt } from './interruption';
import { type LocalCluster, logTo, openLocal } from './local-cluster';
import { reportError } from './report-error';
import { shownPath } from './run-report';
import { selfCommand } from './self-command';

const NO_MODEL = 'none for agents that name none: set a key, or defaultModel in holdfast.yaml';

/** What runs do, without the comings and goings of the SDK. */
const LEVEL = { usual: 'info,core=warn,worker=warn', verbose: 'debug' } as const;

/**
 * A worker, and the embedded server where no cluster is named, until a signal; then stops them in order.
 * @param reload whether changes of the project are taken over while it runs.
 */
export async function serve(context: Context, reload: boolean): Promise<ExitCode> {
  const { out } = context;
  const graceMs = context.config.settings.worker.shutdownGrace;
  const level = out.verbose ? LEVEL.verbose : LEVEL.usual;
  const untoggle = logTo(context, level, true).toggleOn('SIGUSR2');
  const interruption = onInterrupt();
  let ready: ReadyWorker | undefined;
  const onReady = (worker: ReadyWorker): void => {
    ready = worker;
  };
  try {
    const cluster = await openLocal(context, {
      level,
      graceMs,
      onReady,
      ...(reload && { onNotice: (notice) => tellNotice(context, notice) }),
      ...(reload && { reload: reloadsOf(context) }),
    });
    announce(context, cluster, ready);
    await Promise.race([cluster.supervisor.done, aborted(interruption.signal)]);
    out.say('\nStopping: running calls may end first. Ctrl-C again leaves at once.');
    await cluster.supervisor.stop();
    out.say('Stopped. Runs that were under way go on with the next worker.');
    return EXIT.done;
  } finally {
    interruption.release();
    untoggle();
  }
}

/** What waits for people, and what money runs out, where the work is done. */
function tellNotice(context: Context, notice: Notice): void {
  const { out } = context;
  if ('account' in notice) {
    const { event, account, limit, part } = notice;
    if (out.json) out.jsonLine({ type: 'budget', event, account, limit, part });
    out.say(out.note.yellow(`! ${account}: ${Math.round(part * 100)} % of ${limit} spent`));
    return;
  }
  const { event, approval: id, request } = notice;
  if (out.json) out.jsonLine({ type: 'approval', event, id, title: request.title });
  out.say(out.note.yellow(`? ${event}: ${escapeLine(request.title)}`));
  for (const command of decideCommands(context, id, request.kind)) out.say(`    ${command}`);
}

/** Says what was taken over, or why it was not. */
function reloadsOf({ out }: Context): ReloadListener {
  return {
    onReloaded(files, { agents, tools, defaultModel }, later) {
      const names = agents.map(({ definition }) => definition.name);
      if (out.json) out.jsonLine({ type: 'reloaded', files, agents: names, tools, defaultModel, later });
      out.say(`Reloaded ${escapeLine(files.join(', '), 200)}: the next run uses it.`);
      if (later.length > 0) out.say(`After a restart only: ${escapeLine(later.join(', '), 200)}.`);
    },
    onRefused(files, error) {
      if (out.json) out.jsonLine({ type: 'reload-refused', files });
      reportError(error, out);
      out.say(
        `Not reloaded${files.length > 0 ? `: ${escapeLine(files.join(', '), 200)}` : ''}. What was there before is still used.`,
      );
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function announce(
  { out, project, env, placeFlags, config }: Context,
  { place, owned }: LocalCluster,
  worker?: ReadyWorker,
): void {
  const agents = worker?.agents.map(({ definition }) => definition.name) ?? [];
  const tools = worker?.tools ?? [];
  const model = worker?.defaultModel ?? null;
  const facts = {
    address: place.address,
    namespace: place.namespace,
    webUi: place.uiUrl ?? null,
    owned,
    agents,
    tools,
    defaultModel: model,
    settings: config.file?.name ?? null,
    profile: config.profile,
  };
  if (out.json) {
    out.jsonLine({ type: 'ready', ...facts });
    return;
  }
  const rows: [string, string | undefined][] = [
    [
      'temporal',
      `${place.address} (namespace ${place.namespace})${owned || place.kind === 'cluster' ? '' : ', started elsewhere; using it'}`,
    ],
    ['web ui', place.uiUrl],
    ['project', `${shownPath(project)}${worker?.builtInAgents ? ' (no agents of its own: those of Holdfast)' : ''}`],
    ['agents', agents.join(', ')],
    ['tools', tools.length > 0 ? `${tools.join(', ')} besides the built-in ones` : undefined],
    ['settings', config.file && `${config.file.name}, profile ${config.profile}`],
    ['model', `${model ?? NO_MODEL}${model?.startsWith('simulated/') ? `. ${SIMULATED}` : ''}`],
    ['try', `${selfCommand(env)} run ${agents[0] ?? 'AGENT'} "…"${placeFlags}`],
  ];
  for (const [name, text] of rows) if (text) out.stdout.write(`${name.padEnd(10)}${escapeLine(text, 400)}\n`);
  out.say('Ready. Ctrl-C stops.');
}
