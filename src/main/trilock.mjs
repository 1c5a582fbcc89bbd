#!/usr/bin/env node
// The launcher: plain JavaScript that even an old Node can parse, so that the version check can speak.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`trilock: Node ${process.versions.node} is too old, 20.19 or newer is needed\n`);
  process.exit(78);
}

/** Where the program begins: in a bundle, or in its sources where none can be kept (a folder that is read-only). */
async function entry() {
  const { compiledProduct } = await import('./compile.mjs');
  try {
    return await compiledProduct();
  } catch {
    const { register } = await import('tsx/esm/api');
    register();
    return './cli.ts';
  }
}

let program;
try {
  // The offline station knows no database and starts no other program; neither does who talks to the API.
  if (!['station', 'client'].includes(process.argv[2]))
    (await import('../../prisma/generate.mjs')).ensureGenerated();
  process.setSourceMapsEnabled(true);
  program = await entry();
} catch (thrown) {
  const reason = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : String(thrown);
  process.stderr.write(`trilock: this installation is not complete (run npm ci): ${reason}\n`);
  process.exit(78);
}
const { run } = await import(program);
await run(process.argv.slice(2));
