import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { HoldfastActivities, ToolActivity } from '../protocol/activities';
import { toolOfUndo, undoNameOf } from '../protocol/compensation';
import { checkActivityType, toolActivityType, toolOfActivity } from '../protocol/names';
import { createAdoptTranscript } from './adopt-transcript';
import { createCheckDecision } from './approvals/check-decision';
import { createNotifyApproval } from './approvals/notify-approval';
import { workingInstant } from './approvals/working-instant';
import { createArchiveTranscript } from './archive-transcript';
import { awaitEffect, createCheckActivity } from './effects';
import { createKeepEffects, createReadEffects } from './keep-effects';
import { createArchiveEntries } from './ledger/archive-entries';
import { budgetPeriod } from './ledger/budget-period';
import { lookAtHolder } from './ledger/look-at-holder';
import { createNotifyBudget } from './ledger/notify-budget';
import { createInvokeModel } from './model/invoke-model';
import { createSummariseTranscript } from './model/summarise-transcript';
import { createAdmitPlan } from './plan/admit-plan';
import { awaitRuns } from './plan/await-runs';
import { createMemory } from './plan/memory';
import { createPlanPages } from './plan/plan-pages';
import { createSketchAgents } from './plan/sketch-agents';
import { createRankAgents } from './registry/rank-agents';
import { createToolActivity } from './run-tool';
import type { ActivityServices } from './services';
import { stopRuns } from './stop-runs';
import { toFailure } from './to-failure';
import { createUndoActivity } from './undo-tool';

/** All activities of a worker: the fixed ones, and one per tool. */
export function createActivities(services: ActivityServices): Record<string, (...args: never[]) => unknown> {
  const fixed: HoldfastActivities = {
    resolveTool: async (name) => lookUp(() => services.catalogue.tool(name)),
    checkModel: async (route) => lookUp(() => void services.providerFor(route)),
    adoptTranscript: createAdoptTranscript(services),
    invokeModel: createInvokeModel(services),
    summariseTranscript: createSummariseTranscript(services),
    archiveTranscript: createArchiveTranscript(services),
    keepEffects: createKeepEffects(services),
    readEffects: createReadEffects(services),
    checkDecision: createCheckDecision(services),
    awaitEffect,
    notifyApproval: createNotifyApproval(services),
    budgetPeriod: async (at, timeZone) => budgetPeriod(at, timeZone),
    lookAtHolder,
    archiveEntries: createArchiveEntries(services),
    notifyBudget: createNotifyBudget(services),
    workingInstant: async (input) => lookUp(() => workingInstant(input)),
    stopRuns,
    admitPlan: createAdmitPlan(services),
    awaitRuns,
    sketchAgents: createSketchAgents(services),
    rankAgents: createRankAgents(services),
    ...createPlanPages(services),
    ...createMemory(services),
  };
  const perTool: Record<string, (...args: never[]) => unknown> = {};
  for (const tool of services.tools.values()) {
    perTool[toolActivityType(tool.name)] = createToolActivity(tool, services);
    if (tool.undo) perTool[toolActivityType(undoNameOf(tool.name))] = createUndoActivity(tool, services);
    if (tool.check) perTool[checkActivityType(tool.name)] = createCheckActivity(tool, services);
  }
  return guarded({ ...fixed, ...perTool }, services);
}

type Activity = (...args: never[]) => unknown;

/** Nothing leaves an activity with a secret in it, neither as its answer nor as its error. */
function guarded(activities: object, services: ActivityServices): Record<string, Activity> {
  const guard =
    (activity: Activity): Activity =>
    async (...args) => {
      const { redactor } = services.secrets;
      try {
        return redactor.value(await activity(...args));
      } catch (error) {
        throw redactor.error(error);
      }
    };
  return Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, guard(activity as Activity)]));
}

/**
 * For a worker whose tools may change: under the name `default` Temporal hands it every call that has no activity of its own, and
 * so those of tools that came after the start.
 */
export function createLateTools(services: ActivityServices): ToolActivity {
  const runLateTool: ToolActivity = async (input) => {
    const { activityType } = activityInfo();
    const name = toolOfActivity(activityType) ?? '';
    const tool = services.tools.get(name);
    if (tool) return createToolActivity(tool, services)(input);
    const undone = services.tools.get(toolOfUndo(name) ?? '');
    if (undone?.undo) return createUndoActivity(undone, services)(input);
    // As Temporal has it, so that a worker that does have it may take the next attempt.
    throw ApplicationFailure.create({ type: 'NotFoundError', message: `this worker has no activity ${activityType}` });
  };
  return guarded({ runLateTool }, services).runLateTool as ToolActivity;
}

function lookUp<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}
