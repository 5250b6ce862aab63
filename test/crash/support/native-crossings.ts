import { coresdk, type temporal } from '@temporalio/proto';
import type { Worker } from '@temporalio/worker';
import type { Failpoints } from './failpoints';

/**
 * The boundaries between the SDK's JavaScript and its core, which is where work comes from and answers go to the server.
 * They are patched on the worker, because no interceptor sees a workflow's commands leave or an activity's result arrive.
 */
interface NativeWorker {
  pollWorkflowActivation(): Promise<Buffer>;
  completeWorkflowActivation(completion: Buffer): Promise<void>;
  pollActivityTask(): Promise<Buffer>;
  completeActivityTask(completion: Buffer): Promise<void>;
  recordActivityHeartbeat(heartbeat: Buffer): void;
}

interface Task {
  session: string;
  about: string;
}

export function crossNative(worker: Worker, points: Failpoints): void {
  const native = (worker as unknown as { nativeWorker: NativeWorker }).nativeWorker;
  crossWorkflows(native, points);
  crossActivities(native, points);
}

function crossWorkflows(native: NativeWorker, points: Failpoints): void {
  const sessions = new Map<string, Task>();
  const poll = native.pollWorkflowActivation;
  native.pollWorkflowActivation = async () => {
    const buffer = await poll();
    const { runId = '', jobs = [] } = coresdk.workflow_activation.WorkflowActivation.decode(new Uint8Array(buffer));
    const begun = jobs?.find((job) => job.initializeWorkflow)?.initializeWorkflow;
    if (begun?.workflowId) sessions.set(runId ?? '', taskOf(begun.workflowId, begun.workflowType, begun.arguments));
    const what = (jobs ?? []).map((job) => Object.keys(job).join()).join('+');
    if (!jobs?.some((job) => job.removeFromCache)) {
      const { session, about = '' } = sessions.get(runId ?? '') ?? {};
      await points.cross(session, 'activation-received', about + what);
    }
    return buffer;
  };
  const complete = native.completeWorkflowActivation;
  native.completeWorkflowActivation = async (completion) => {
    const decoded = coresdk.workflow_completion.WorkflowActivationCompletion.decodeDelimited(
      new Uint8Array(completion),
    );
    const { session, about = '' } = sessions.get(decoded.runId ?? '') ?? {};
    const what = about + (decoded.failed ? 'failure' : commandsOf(decoded.successful?.commands ?? []));
    await points.cross(session, 'commands-made', what);
    await complete(completion);
    await points.cross(session, 'commands-accepted', what);
  };
}

/** What an effect and an approval do belongs to the session that waits for them; their names tell it apart. */
function taskOf(id: string, type: string | null | undefined, given: Payloads): Task {
  const { run } = Object(inputOf(given)) as { run?: string };
  return run === undefined ? { session: id, about: '' } : { session: run, about: `${type} ` };
}

function commandsOf(commands: coresdk.workflow_commands.IWorkflowCommand[]): string {
  const said = commands.map((command) => {
    const { scheduleActivity, scheduleLocalActivity } = command;
    const call = scheduleActivity ?? scheduleLocalActivity;
    if (call) return aboutCall(call.activityType, call.arguments);
    return Object.keys(command)
      .filter((name) => name !== 'userMetadata')
      .join();
  });
  return said.join('+') || 'nothing';
}

function crossActivities(native: NativeWorker, points: Failpoints): void {
  const tasks = new Map<string, Task>();
  const poll = native.pollActivityTask;
  native.pollActivityTask = async () => {
    const buffer = await poll();
    const { taskToken, start } = coresdk.activity_task.ActivityTask.decode(new Uint8Array(buffer));
    if (start) {
      const session = sessionOfInput(inputOf(start.input)) ?? start.workflowExecution?.workflowId ?? '';
      const task = { session, about: aboutCall(start.activityType, start.input) };
      tasks.set(keyOf(taskToken), task);
      await points.cross(session, 'activity-received', task.about);
    }
    return buffer;
  };
  const complete = native.completeActivityTask;
  native.completeActivityTask = async (completion) => {
    const { taskToken } = coresdk.ActivityTaskCompletion.decodeDelimited(new Uint8Array(completion));
    const { session, about = '' } = tasks.get(keyOf(taskToken)) ?? {};
    await points.cross(session, 'result-sending', about);
    await complete(completion);
    await points.cross(session, 'result-accepted', about);
  };
  const record = native.recordActivityHeartbeat;
  native.recordActivityHeartbeat = (heartbeat) => {
    const { taskToken } = coresdk.ActivityHeartbeat.decodeDelimited(new Uint8Array(heartbeat));
    const { session, about = '' } = tasks.get(keyOf(taskToken)) ?? {};
    points.crossNow(session, 'heartbeat', about);
    record(heartbeat);
  };
}

function keyOf(taskToken: Uint8Array | null | undefined): string {
  return Buffer.from(taskToken ?? []).toString('base64');
}

/** Which activity, for which turn or call: `invokeModel turn-3`, `tool.store c2-1`. */
export function aboutCall(type: string | null | undefined, payloads: Payloads): string {
  return aboutInput(type ?? '', inputOf(payloads));
}

type Payloads = temporal.api.common.v1.IPayload[] | null | undefined;

function inputOf(payloads: Payloads): unknown {
  const data = payloads?.[0]?.data;
  return data?.length ? (JSON.parse(Buffer.from(data).toString('utf8')) as unknown) : undefined;
}

/** The session a call is made for, where another workflow makes it. */
export function sessionOfInput(input: unknown): string | undefined {
  return (Object(input) as { session?: string }).session;
}

export function aboutInput(type: string, input: unknown): string {
  const { callId, turn } = (Object(input) ?? {}) as { callId?: string; turn?: number };
  const which = callId ?? (turn === undefined ? '' : `turn-${turn}`);
  return which ? `${type} ${which}` : type;
}
