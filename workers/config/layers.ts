import { type KeyPath, keyText } from './keys';

/** A setting's value and where it comes from: `default`, `holdfast.yaml:3`, a variable or a flag. */
export interface Setting {
  path: KeyPath;
  value: unknown;
  origin: string;
}

/** What one source says. */
export type Layer = readonly Setting[];

/** A nested value as a layer: one setting for each leaf. */
export function layerOf(value: unknown, originOf: (path: KeyPath) => string, path: KeyPath = []): Layer {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return [{ path, value, origin: originOf(path) }];
  return Object.entries(value).flatMap(([name, child]) => layerOf(child, originOf, [...path, name]));
}

/** Later layers win, setting by setting. */
export function merged(layers: readonly Layer[]): Setting[] {
  const byKey = new Map<string, Setting>();
  for (const setting of layers.flat()) byKey.set(keyText(setting.path), setting);
  return [...byKey.values()];
}
