/** Draws `docs/images/regret.svg`: what the learned choice of agents loses while it learns, simulated. `node scripts/regret-curve.mjs` */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { regretSvg, simulate, STRATEGIES } = await createJiti(import.meta.url).import(
  path.join(root, 'test', 'fixtures', 'bandit-simulation.ts'),
);
writeFileSync(path.join(root, 'docs', 'images', 'regret.svg'), regretSvg());
for (const strategy of STRATEGIES) {
  const { regret, successes, trials } = simulate(strategy, 'seed 0');
  console.log(
    `${strategy}: ${successes} of 2000 done, regret ${regret.at(-1).toFixed(0)}, trials ${trials.toFixed(3)}`,
  );
}
