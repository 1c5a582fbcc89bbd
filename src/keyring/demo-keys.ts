/** Fingerprints of the keys in `keys/demo`, which are published together with their private halves. */
const DEMO_KEYS: ReadonlySet<string> = new Set([
  // cold-master-a
  '3dbea8b57a15fb5877cf99533b88bbeb81fb65a304063db15279376bd0e13e2a',
  // cold-master-b
  '3f299c171e677a9b1ac0ab935c90eaf22688647bb2e49857a91ae759ea8e91d6',
  // backup-master-a
  '59dcd526e562134d3c43d8a616f3e840c2e36c35287c80e3c30ab478251b1fbf',
  // backup-master-b
  '898e2f8769f47f5d6aab4ce779c22e1fbe6a96ddc408d5d58bf19241f706fd80',
  // officer-1
  '6845450a946bbfab7a471931cc4dd0f0e1c2a3941904ed429dde1774d8aea3f9',
  // officer-2
  'd880d4c188aa56c113565018b329ae57b83114a8417d3b7ab249f9006a7bdc3c',
  // officer-3
  'df2705611169c1a2dd10453af0d68481f3462435fb6f32756bc6251aa507076a',
  // approver-1
  '145998d494fb1185de0dbe41e981b85c757d8d5031844a8a847b1d7ca9b6aee5',
  // approver-2
  '6fa69d2aa285bd87ddd83f0d62837fa95ebdf614937ce30c2c7fb0a798d5fc87',
  // approver-3
  '5f24bc9e494192d6b92e905998511e34de9af8314d14e18519b8309119cf02d1',
  // customer-1
  '7ed9c460303b4d931d089f3104bf6170b01e83f4b48895784df0bb8c919d2431',
  // customer-2
  '2030262010f4e9405c8204d75b27753ac82be468b6ec9ef0961954216a1c2e85',
]);

/** Whether everybody has this key. */
export function isDemoKey(fingerprint: string): boolean {
  return DEMO_KEYS.has(fingerprint);
}
