/** A worker in a process of its own, run from the built package; the rest is TypeScript. */
const { createJiti } = require('jiti');

createJiti(__filename)
  .import('./undo-worker.ts')
  .then(({ main }) => main())
  .catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
