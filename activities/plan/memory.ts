import type { KeptResult } from '../../protocol/activities';
import type { ActivityServices } from '../services';

/** Results of tasks that may be given again. */
export function createMemory({ results }: Pick<ActivityServices, 'results'>) {
  return {
    recallResult: async (key: string): Promise<KeptResult | null> => (await results.get(key, Date.now())) ?? null,
    keepResult: (key: string, result: KeptResult): Promise<void> => results.put(key, result),
  };
}
