import { agentFile } from './agent-file';
import { configFile } from './config-file';
import type { NewFile } from './new-file';
import { WORD_COUNT, WORD_COUNT_TEST } from './word-count';

/** A project that runs at once, without a key. */
export function projectFiles(): NewFile[] {
  return [
    { path: 'holdfast.yaml', text: configFile(), about: 'settings' },
    {
      path: 'agents/assistant.yaml',
      text: agentFile({
        description: 'Helps with texts: counts, calculates, reads and writes files.',
        instructions: [
          'You help the user with one task at a time, and you finish it.',
          'Count words with `word_count` and calculate with `calculator`; do neither in your head.',
          'Look into files before you say what is in them. Answer briefly, with the result first.',
        ],
        tools: ['files', 'calculator', 'word_count'],
      }),
      about: 'an agent',
    },
    { path: 'tools/word-count.ts', text: WORD_COUNT, about: 'a tool of its own' },
    { path: 'tools/word-count.test.mjs', text: WORD_COUNT_TEST, about: 'its test' },
    { path: 'README.md', text: README, about: 'what to do with them', keep: true },
    { path: '.gitignore', text: '.holdfast/\nnode_modules/\n*.bak\n', about: 'what is made at run time', keep: true },
  ];
}

export const FIRST_TASK = 'Use word_count with text: "to be or not to be"';

const README = `# An agent project

\`\`\`
holdfast run assistant '${FIRST_TASK}'   # one run, and its answer
holdfast dev                                        # Temporal, its Web UI and a worker, until Ctrl-C
holdfast doctor                                     # what is missing, if anything
\`\`\`

Without a key a simulated model answers: rules, no thinking. \`OPENAI_API_KEY\` or \`ANTHROPIC_API_KEY\` in the environment brings a real one.

- \`agents/\`: an agent is a YAML file. \`holdfast create agent NAME\` begins another one, \`holdfast agent validate\` checks them.
- \`tools/\`: a tool is a function with a declared effect. \`holdfast create tool NAME\` begins another one, with a test.
- \`providers/\`: an adapter of a model vendor of your own. \`holdfast create provider NAME\` begins one, with a test.
- \`holdfast.yaml\`: settings. \`holdfast config show --origin\` tells which count and why.

While \`holdfast dev\` runs, a saved change counts for the next run.

\`npm install holdfast\` in this folder gives editors the types, and the tests what they need: \`node --test\`.
`;
