import { HoldfastError } from '../../../protocol/failures';
import { changedVariables, type VariableChanges, type Variables } from '../../../protocol/variables';
import { escapeLine } from '../escape';
import type { ChatPlace } from './slash-commands';

/** `/set NAME VALUE`. */
export function setVariable(place: ChatPlace, argument: string): Promise<void> {
  const [, name = '', value = ''] = /^(\S+)\s*(.*)$/s.exec(argument) ?? [];
  if (value === '') throw wrong('/set needs a name and a value', '/set tone friendly');
  return changeVariables(place, { [name]: value });
}

/** `/unset NAME`. */
export function unsetVariable(place: ChatPlace, name: string): Promise<void> {
  if (name === '') throw wrong('/unset needs a name', '/vars lists those there are.');
  return changeVariables(place, { [name]: null });
}

/** Of a chat that has not begun: those it begins with. */
export async function changeVariables(place: ChatPlace, changes: VariableChanges): Promise<void> {
  const begun = await orUnknown(() => place.chat.change({ variables: changes }).then(() => true));
  if (!begun) place.beginWith(changedVariables(place.variables, changes));
}

/** `/vars`. */
export async function showVariables(place: ChatPlace): Promise<void> {
  const { out } = place.context;
  const known = (await orUnknown(() => place.chat.state()))?.variables ?? place.variables;
  const entries = Object.entries(known);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  for (const [name, value] of entries) out.say(`  ${name.padEnd(width)}  ${escapeLine(value, 200)}`);
  if (entries.length === 0) out.say('  none; /set NAME VALUE sets one');
}

/** Undefined for a chat that has not begun. */
export async function orUnknown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (HoldfastError.is(error) && error.code === 'Run.Unknown') return undefined;
    throw error;
  }
}

/** One line for `runs show`. */
export function variablesText(variables: Variables): string {
  const named = Object.entries(variables).map(([name, value]) => `${name}=${escapeLine(value, 40)}`);
  return named.join(' · ');
}

function wrong(message: string, hint: string): HoldfastError {
  return new HoldfastError('Input.Invalid', message, { hint });
}
