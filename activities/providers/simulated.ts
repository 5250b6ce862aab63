import type { ModelProvider } from './provider';

/** Placeholder until the simulated model is written. */
export function createSimulatedProvider(): ModelProvider {
  return {
    name: 'simulated',
    simulated: true,
    complete: () => Promise.reject(new Error('the simulated model is not written yet')),
    countTokens: () => 0,
    describeModel: () => ({ contextTokens: 128_000 }),
  };
}
