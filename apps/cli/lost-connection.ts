import { statfsSync } from 'node:fs';
import type { Carrier } from './carrier';
import type { Context } from './context';
import { shownPath } from './run-report';

/** Below this a server cannot write a page of its database and its log. */
const FULL_BYTES = 256_000;

/** What a follower is told when the server no longer answers: why, where that can be seen from here. */
export function lostText({ home }: Pick<Context, 'home'>, carrier: Pick<Carrier, 'link'>): string {
  if (carrier.link.place.kind === 'home' && isFull(home)) {
    return `The disk of ${shownPath(home)} is full (Storage.Full). Nothing is lost: the run waits, and goes on when there is space.`;
  }
  return 'The connection to the server is lost; trying again.';
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FULL_BYTES;
  } catch {
    return false;
  }
}
