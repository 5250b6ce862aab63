import type { Decision } from './approval';
import { canonicalJson } from './json';
import { hex, hmacSha256, utf8 } from './sha256';

/** A signed decision is taken for as long as this, either way; ms. */
export const SIGNATURE_VALID_MS = 15 * 60_000;

/**
 * HMAC-SHA-256 in hex, over the approval's id and all of the decision but the signature itself: nothing of it can be changed, and it
 * counts for no other approval.
 */
export function signatureOf(approval: string, { signature: _signature, ...decision }: Decision, key: string): string {
  return hex(hmacSha256(utf8(key), utf8(canonicalJson({ approval, decision }))));
}
