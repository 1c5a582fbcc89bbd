#!/usr/bin/env node
// The launcher: plain JavaScript that even an old Node can parse, so that the version check can speak.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`trilock: Node ${process.versions.node} is too old, 20.19 or newer is needed\n`);
  process.exit(78);
}
const { register } = await import('tsx/esm/api');
register();
const { run } = await import('./cli.ts');
await run(process.argv.slice(2));
