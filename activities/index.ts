import { activityInfo } from '@temporalio/activity';
import type { HoldfastActivities, ToolActivity } from '../protocol/activities';
import { toolActivityType } from '../protocol/names';
import { createAdoptTranscript } from './adopt-transcript';
import { createArchiveTranscript } from './archive-transcript';
import { createInvokeModel } from './model/invoke-model';
import { createToolActivity } from './run-tool';
import type { ActivityServices } from './services';
import { toFailure } from './to-failure';

/** All activities of a worker: the fixed ones, and one per tool. */
export function createActivities(services: ActivityServices): Record<string, (...args: never[]) => unknown> {
  const fixed: HoldfastActivities = {
    resolveTool: async (name) => lookUp(() => services.catalogue.tool(name)),
    checkModel: async (route) => lookUp(() => void services.providerFor(route)),
    adoptTranscript: createAdoptTranscript(services),
    invokeModel: createInvokeModel(services),
    archiveTranscript: createArchiveTranscript(services),
  };
  const perTool: Record<string, ToolActivity> = {};
  for (const tool of services.tools.values()) perTool[toolActivityType(tool.name)] = createToolActivity(tool, services);
  return { ...fixed, ...perTool };
}

function lookUp<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}
