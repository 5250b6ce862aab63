import { workflowInfo } from '@temporalio/workflow';

/** By how much a history grows at least before it is too large. The server ends one of 50 MB or 51,200 events. */
const GROWN_BYTES = 1_000_000;
const GROWN_EVENTS = 1_000;

/** Whether the plan should continue as new. */
export class HistoryGrowth {
  /** How large the history was when the plan was there. */
  private from = { historySize: 0, historyLength: 0 };

  begin(): void {
    const { historySize, historyLength } = workflowInfo();
    this.from = { historySize, historyLength };
  }

  get isLarge(): boolean {
    const { continueAsNewSuggested, historySize, historyLength } = workflowInfo();
    if (!continueAsNewSuggested) return false;
    // What is carried along may be as large as the server suggests by itself: then the plan would do nothing but continue as new.
    return (
      historySize - this.from.historySize >= GROWN_BYTES || historyLength - this.from.historyLength >= GROWN_EVENTS
    );
  }
}
