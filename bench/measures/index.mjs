import { childSessions } from './children-sessions.mjs';
import { coldStart } from './cold-start.mjs';
import { firstRequest } from './first-request.mjs';
import { governance } from './governance.mjs';
import { help } from './help.mjs';
import { history } from './history.mjs';
import { longSession } from './long-session.mjs';
import { lostWorker } from './lost-worker.mjs';
import { plans } from './plans.mjs';
import { registry } from './registry.mjs';
import { throughput } from './throughput.mjs';
import { turns } from './turns.mjs';

/** In the order in which they run: what needs a quiet machine first, what leaves much behind last. */
export const MEASURES = {
  turns,
  first: firstRequest,
  throughput,
  governance,
  children: childSessions,
  plans,
  registry,
  cold: coldStart,
  help,
  lost: lostWorker,
  long: longSession,
  history,
};
