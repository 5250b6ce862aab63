import { createProviders, defaultModelRoute, PROVIDERS } from '../../activities/providers';
import type { ProviderDefinition } from '../../activities/providers/definition';
import { callOf, requestOf } from '../../testing/provider-cases';
import { scriptedModel } from '../../testing/scripted-model';
import { startVendorServer } from '../../testing/vendor-server';

describe('the registry', () => {
  it('makes a provider once, on first use', () => {
    const providers = createProviders({ env: { OPENAI_API_KEY: 'sk-1' } });
    const first = providers.providerFor('openai/gpt-5-mini');
    expect(first).toMatchObject({ model: 'gpt-5-mini', provider: { name: 'openai' } });
    expect(providers.providerFor('openai/org/model').provider).toBe(first.provider);
    expect(providers.providerFor('openai/org/model').model).toBe('org/model');
    expect(providers.names()).toEqual(['anthropic', 'openai', 'simulated']);
    expect(providers.providerFor('simulated/rules').provider.simulated).toBe(true);
  });

  it.each([
    ['openai/gpt-5-mini', 'Model.MissingKey', 'OPENAI_API_KEY'],
    ['anthropic/claude-sonnet-5', 'Model.MissingKey', 'ANTHROPIC_API_KEY'],
    ['mistrall/large', 'Model.UnknownProvider', 'anthropic, openai, simulated'],
    ['gpt-5-mini', 'Model.InvalidRequest', 'openai/gpt-5-mini'],
    ['openai/', 'Model.InvalidRequest', 'openai/gpt-5-mini'],
    ['/x', 'Model.InvalidRequest', 'openai/gpt-5-mini'],
  ])('refuses %s without a key: %s, with a way out', (route, code, help) => {
    const error = thrownBy(() => createProviders({ env: {} }).providerFor(route));
    expect(error).toMatchObject({ name: 'HoldfastError', code });
    expect(`${error.message} ${error.hint}`).toContain(help);
  });

  it('needs no key for a server of one’s own', () => {
    const env = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' };
    const providers = createProviders({ env });
    expect(providers.providerFor('openai/llama3').provider.name).toBe('openai');
    expect(providers.providerFor('anthropic/x').provider.name).toBe('anthropic');
  });

  it('takes ready providers, further servers under their own name, and context windows', async () => {
    const server = await startVendorServer({ script: [{ text: 'ok' }] });
    const own = scriptedModel([], { name: 'openai' });
    const providers = createProviders({
      env: { OPENAI_API_KEY: 'sk-must-not-leak' },
      extra: [own],
      settings: { ollama: { type: 'openai', baseURL: server.openaiURL }, odd: { type: 'nothing' } },
      models: { 'ollama/llama3': { contextTokens: 8_192 } },
    });
    expect(providers.providerFor('openai/x').provider).toBe(own);
    const { provider, model } = providers.providerFor('ollama/llama3');
    expect(provider.describeModel(model)).toEqual({ contextTokens: 8_192 });
    expect(provider.describeModel('other')).toBeUndefined();
    await provider.complete(requestOf(model), callOf());
    expect(server.requests[0]?.path).toBe('/v1/chat/completions');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer unused');
    expect(thrownBy(() => providers.providerFor('odd/x')).code).toBe('Model.UnknownProvider');
    expect(providers.names()).toEqual(['anthropic', 'openai', 'simulated', 'ollama', 'odd']);
    await server.close();
  });

  it('makes providers of one’s own with their settings and the environment, before those of the same name', () => {
    const made: unknown[] = [];
    const define = (name: string): ProviderDefinition => ({
      name,
      defaultModel: 'one',
      create: (settings, env) => {
        made.push([name, settings.name, settings.maxAnswerChars, env.ACME_API_KEY]);
        return scriptedModel([], { name });
      },
    });
    const providers = createProviders({
      env: { ACME_API_KEY: 'key' },
      extra: [define('acme'), define('openai')],
      settings: { acme: { maxAnswerChars: 7 } },
    });
    expect(providers.providerFor('acme/one').provider).toBe(providers.providerFor('acme/two').provider);
    expect(providers.providerFor('openai/gpt-5').provider.name).toBe('openai');
    expect(made).toEqual([
      ['acme', 'acme', 7, 'key'],
      ['openai', 'openai', undefined, 'key'],
    ]);
    expect(providers.names()).toEqual(['anthropic', 'openai', 'simulated', 'acme']);
  });

  it.each([
    [{}, '/v1/chat/completions'],
    [{ HOLDFAST_OPENAI_API: 'responses' }, '/v1/responses'],
    [{ HOLDFAST_OPENAI_API: 'chat' }, '/v1/chat/completions'],
  ])('chooses the protocol of an OpenAI server by %j', async (env, path) => {
    const server = await startVendorServer();
    const providers = createProviders({ env: { ...env, OPENAI_BASE_URL: server.openaiURL } });
    await providers.providerFor('openai/m').provider.complete(requestOf('m'), callOf());
    expect(server.requests[0]?.path).toBe(path);
    await server.close();
  });

  it('reads the environment of the process by default', () => {
    const before = process.env.OPENAI_API_KEY;
    process.env.OPENAI_API_KEY = 'sk-from-process';
    try {
      expect(createProviders().providerFor('openai/gpt-5').provider.name).toBe('openai');
      expect(defaultModelRoute()).toMatch(/\//);
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
  });

  it('loads no vendor SDK before a call', () => {
    jest.isolateModules(() => {
      const loaded: string[] = [];
      for (const name of [
        'openai',
        '@anthropic-ai/sdk',
        '@pydantic/genai-prices',
        'gpt-tokenizer/encoding/o200k_base',
      ]) {
        jest.doMock(name, () => {
          loaded.push(name);
          return jest.requireActual<object>(name);
        });
      }
      const fresh = require('../../activities/providers') as typeof import('../../activities/providers');
      const providers = fresh.createProviders({ env: { OPENAI_API_KEY: 'sk-1', ANTHROPIC_API_KEY: 'sk-2' } });
      for (const route of ['openai/gpt-5', 'anthropic/claude-sonnet-5']) providers.providerFor(route);
      expect(loaded).toEqual([]);
    });
  });
});

describe('the default model', () => {
  it.each([
    [{}, 'simulated/rules'],
    [{ OPENAI_API_KEY: 'a' }, 'openai/gpt-5-mini'],
    [{ OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' }, 'anthropic/claude-sonnet-5'],
    [{ OPENAI_API_KEY: 'a', HOLDFAST_MODEL: 'x/y' }, 'x/y'],
    [{ OPENAI_API_KEY: '' }, 'simulated/rules'],
  ])('with %j is %s', (env, route) => expect(defaultModelRoute(env)).toBe(route));

  it('is one whose price is known, so that budgets work', () => {
    const { createPrices } =
      require('../../activities/providers/prices') as typeof import('../../activities/providers/prices');
    for (const { name, defaultModel } of PROVIDERS) {
      expect(createPrices().worstCaseUsd(`${name}/${defaultModel}`, 1_000, 1_000)).not.toBeNull();
    }
  });
});

function thrownBy(run: () => unknown): Error & { code?: string; hint?: string } {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
