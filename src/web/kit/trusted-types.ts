import { z } from 'zod';

/**
 * The page's one Trusted Types policy. Libraries set style text through `innerHTML`, which is text without a
 * tag; anything with a `<` could be an element and is refused, and so are script text and script addresses
 * (a policy without those functions refuses them). The Content-Security-Policy allows no second policy.
 * Imported first by every entry, before any library has a chance to write to the page.
 */
interface PolicyFactory {
  createPolicy(name: string, rules: { createHTML(text: string): string }): unknown;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;

factory?.createPolicy('default', {
  createHTML(text) {
    if (text.includes('<')) throw new TypeError('This page writes no HTML.');
    return text;
  },
});

// Zod would try `new Function` for speed, which the Content-Security-Policy refuses and reports.
z.config({ jitless: true });
