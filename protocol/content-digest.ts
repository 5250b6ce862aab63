import { sha256 } from '@noble/hashes/sha2';
import { canonicalJson } from './json';

/** SHA-256 of a value's canonical JSON, in hex: equal values have equal digests, and no other value can be found for one. */
export function contentDigest(value: unknown): string {
  return Array.from(sha256(canonicalJson(value)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
