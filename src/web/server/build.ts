import { ensureWebBuilt } from './build-web.ts';

// `npm run build`: builds ahead of the first start.
process.stdout.write(`${await ensureWebBuilt()}\n`);
