#!/usr/bin/env node
/** The command `caffe-node`. */
import { main } from './main';

// Read when the addon loads. OpenMP's threads otherwise wait by spinning: a little faster alone, many times slower beside anything else.
process.env.OMP_WAIT_POLICY ??= 'passive';

main(process.argv.slice(2));
