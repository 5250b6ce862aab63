/** A notification of PostgreSQL carries fewer than 8,000 bytes; a UTF-16 code unit takes at most three of them. */
const PIECE_CHARS = 2_500;
/** Payloads of one sender that are being put together; a lost piece leaves one behind. */
const MAX_PARTIAL = 32;

/** A payload as notifications: `<sender>:<number>:<piece>/<pieces>:<text>`. No two are ever alike, so that none is folded. */
export function framesOf(sender: string, number: number, payload: string): string[] {
  const pieces = piecesOf(payload);
  return pieces.map((piece, at) => `${sender}:${number}:${at}/${pieces.length}:${piece}`);
}

function piecesOf(payload: string): string[] {
  const pieces: string[] = [];
  let at = 0;
  do {
    const end = at + PIECE_CHARS;
    // Half of a surrogate pair has no UTF-8.
    const cut = /[\uD800-\uDBFF]/.test(payload[end - 1] ?? '') ? end - 1 : end;
    pieces.push(payload.slice(at, cut));
    at = cut;
  } while (at < payload.length);
  return pieces;
}

/** Puts payloads together again. */
export class FrameReader {
  private readonly partial = new Map<string, string[]>();

  /** The payload, when this piece completes it. Pieces of one payload arrive in order or, after a lost connection, not at all. */
  take(frame: string): string | undefined {
    const [, id, at, pieces, text] = /^([^:]+:\d+):(\d+)\/(\d+):(.*)$/s.exec(frame) ?? [];
    if (id === undefined || text === undefined) return undefined;
    if (pieces === '1') return text;
    const known = at === '0' ? [] : this.partial.get(id);
    if (known?.length !== Number(at)) return undefined;
    known.push(text);
    this.partial.delete(id);
    if (known.length === Number(pieces)) return known.join('');
    this.partial.set(id, known);
    const oldest = this.partial.keys().next();
    if (this.partial.size > MAX_PARTIAL && !oldest.done) this.partial.delete(oldest.value);
    return undefined;
  }
}
