import { HoldfastError } from '../../../protocol/failures';
import { loadConfig } from '../../../workers/config/load-config';
import { CONFIG_VERSION } from '../../../workers/config/schema';
import { type Context, type Surroundings, withConfig } from '../context';
import { type Check, fail, ok, warn } from './check';

/** Which settings count. When they cannot be used, the other checks go by the defaults. */
export function checkConfig(around: Surroundings): { check: Check; context: Context } {
  try {
    const context = withConfig(around);
    return { check: found(context), context };
  } catch (error) {
    if (!HoldfastError.is(error)) throw error;
    const check = fail(
      'settings',
      error.message,
      `holdfast config validate${around.placeFlags}   # ${error.hint ?? ''}`,
    );
    return { check, context: withConfig(around, loadConfig({ env: {} })) };
  }
}

function found({ config: { file, profile }, placeFlags }: Context): Check {
  if (!file) return ok('settings', `no holdfast.yaml, so the defaults; profile ${profile}`);
  if (file.version === CONFIG_VERSION) return ok('settings', `${file.name}, profile ${profile}`);
  return warn(
    'settings',
    `${file.name} is of version ${file.version}, profile ${profile}`,
    `holdfast config migrate${placeFlags}`,
  );
}
