import { ensureWebBuilt } from './build-web.ts';

// `npm run build:web`: builds ahead of the first start.
process.stdout.write(`${await ensureWebBuilt()}\n`);
