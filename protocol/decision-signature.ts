import { hmac } from '@noble/hashes/hmac';
import { sha256 } from '@noble/hashes/sha2';
import type { Decision } from './approval';
import { canonicalJson } from './json';

/** A signed decision is taken for as long as this, either way; ms. */
export const SIGNATURE_VALID_MS = 15 * 60_000;

/**
 * HMAC-SHA-256 in hex, over the approval's id and all of the decision but the signature itself: nothing of it can be changed, and it
 * counts for no other approval.
 */
export function signatureOf(approval: string, { signature: _signature, ...decision }: Decision, key: string): string {
  const mac = hmac(sha256, key, canonicalJson({ approval, decision }));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
