import { callOf, PROVIDER_CASES, requestOf, runProviderCase } from '../../testing/provider-cases';
import { SUBJECTS } from './provider-subjects';

/** The conformance cases against the vendors themselves: `HOLDFAST_LIVE=1` and a key. Costs a few cents. */
const live = SUBJECTS.filter(
  ({ live: { keyVariable } }) => process.env.HOLDFAST_LIVE === '1' && process.env[keyVariable],
);

describe('live vendors', () => {
  if (live.length === 0) {
    it.skip('are asked only with HOLDFAST_LIVE=1 and a key', () => undefined);
    return;
  }
  describe.each(live)('$label', (subject) => {
    const provider = subject.live.connect();

    it.each(PROVIDER_CASES)('$name', (wanted) => runProviderCase(provider, subject.live.model, wanted), 120_000);

    it('lists models', async () => {
      expect(await provider.listModels?.(callOf())).toContain(subject.live.model);
    });

    it('says when a model does not exist', async () => {
      const asking = provider.complete(requestOf('no-such-model-at-all'), callOf());
      await expect(asking).rejects.toMatchObject({ code: 'Model.NotFound' });
    });

    it('is aborted', async () => {
      const controller = new AbortController();
      const call = callOf({ signal: controller.signal, onDelta: () => controller.abort(new Error('enough')) });
      await expect(provider.complete(requestOf(subject.live.model), call)).rejects.toThrow('enough');
    });
  });
});
