import { NEW_FILE } from '../../../workers/config/edit-file';

/** Everything optional is commented out: what is written is what differs from the defaults. */
export function configFile(): string {
  return `${NEW_FILE}
# The model of agents that name none. Default: of the first provider that has a key, else the simulated one.
# defaultModel: openai/gpt-5-mini

# Servers besides OpenAI and Anthropic. Keys are never here: they come from the environment.
# providers:
#   ollama: { type: openai, baseUrl: http://127.0.0.1:11434/v1 }

worker:
  # How long running model and tool calls may take to end when a worker stops.
  shutdownGrace: 60s

# What differs in a profile: --profile production, or HOLDFAST_PROFILE=production.
profiles:
  production:
    # Without a key a run fails there, instead of being simulated.
    simulateWithoutKey: false
    log: { format: json }
`;
}
