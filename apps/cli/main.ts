#!/usr/bin/env node
import { main } from './program';

main(process.argv).then((code) => {
  // What was written to a pipe may still be on its way; what is left open by a library must not keep us.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
});
