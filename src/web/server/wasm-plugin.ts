import type { Plugin } from 'vite';

const LOADER = 'tiny-secp256k1/lib/wasm_loader.browser.js';
const EXPORT = 'export default wasm';

/**
 * The curve's WebAssembly reads its exported globals by `.value`, as `WebAssembly.Global` has it; a bundled module's
 * exports are the bare numbers (WebAssembly ESM integration). The loader is given what it expects.
 */
export function curveInBrowser(): Plugin {
  return {
    name: 'trilock-curve-in-browser',
    transform(code, id) {
      if (!id.split('?')[0]?.endsWith(LOADER)) return undefined;
      if (!code.includes(EXPORT)) throw new Error(`${LOADER} is not what it was`);
      const globals =
        "Object.fromEntries(Object.entries(wasm).map(([k, v]) => [k, typeof v === 'number' ? { value: v } : v]))";
      return { code: code.replace(EXPORT, `export default ${globals}`), map: null };
    },
  };
}
