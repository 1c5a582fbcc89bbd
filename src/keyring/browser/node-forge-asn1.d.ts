/** The codec alone: the package's main entry would bring TLS, PKI and a random generator into a page. */
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 } from 'node-forge';

  const codec: typeof asn1;
  export default codec;
}
