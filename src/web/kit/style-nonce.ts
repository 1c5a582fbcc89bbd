/** The nonce that this response's Content-Security-Policy accepts on `<style>`; the server put it in the page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}
