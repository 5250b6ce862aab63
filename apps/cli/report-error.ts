import { docsPathOf, type FailureCode, HoldfastError } from '../../protocol/failures';
import { storageError } from '../../protocol/storage';
import { escapeText, safeJson } from './escape';
import { EXIT, type ExitCode, exitCodeOfFailure } from './exit-codes';
import type { Output } from './output';

/** A refusal that came from the command line itself. */
export interface UsageProblem {
  message: string;
  hint: string;
}

/** The one printer of errors. Returns the exit code. */
export function reportError(error: unknown, out: Output): ExitCode {
  const known = HoldfastError.is(error) ? error : storageError(error);
  const code: FailureCode = known?.code ?? 'Internal.Bug';
  const message = known?.message ?? (error instanceof Error ? error.message : String(error));
  const stack = out.verbose && error instanceof Error ? error.stack : undefined;
  print(out, code, message, known?.hint ?? hintOf(known, out), stack);
  return exitCodeOfFailure(code);
}

/** A mistake on the command line, which commander found. */
export function reportUsage({ message, hint }: UsageProblem, out: Output): ExitCode {
  print(out, 'Input.Invalid', message, hint);
  return EXIT.usage;
}

function hintOf(known: HoldfastError | undefined, out: Output): string | undefined {
  if (known) return undefined;
  return out.verbose
    ? 'This is a bug in Holdfast. Please report it with the text above.'
    : 'This is a bug in Holdfast; --verbose shows where.';
}

function print(out: Output, code: FailureCode, message: string, hint?: string, stack?: string): void {
  const docs = docsPathOf(code);
  if (out.json) {
    const error = { code, message, ...(hint !== undefined && { hint }), docs, ...(stack && { stack }) };
    out.log(`${safeJson({ error })}\n`);
    return;
  }
  const { red, bold, dim } = out.note;
  out.log(`${red('error')} ${bold(code)}: ${escapeText(message)}\n`);
  if (hint !== undefined) out.log(`  ${escapeText(hint)}\n`);
  out.log(dim(`  ${docs}\n`));
  if (stack) out.log(`${dim(escapeText(stack))}\n`);
}
