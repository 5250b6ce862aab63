import { canonicalJson } from './json';
import { hex, sha256, utf8 } from './sha256';

/** SHA-256 of a value's canonical JSON, in hex: equal values have equal digests, and no other value can be found for one. */
export function contentDigest(value: unknown): string {
  return hex(sha256(utf8(canonicalJson(value))));
}
