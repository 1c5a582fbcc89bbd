// Typed lint rules. Each rule that is switched off or tightened says why.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/generated/**', '**/dist/**', '**/*.mjs', '**/*.cjs', '.config/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: process.cwd() } },
    rules: {
      // A promise nobody waits for is a lost error, and here perhaps lost money.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      // Numbers and bigints in messages are what an operator reads.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `void promise` is how a deliberately detached promise is written.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Classes with private fields only are used as handles.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Object destructuring in order to omit a field.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      // Typed-array code indexes within bounds it has just computed.
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  {
    // Settings are read and checked in one place; a domain that reads the environment cannot be configured twice.
    files: ['src/**'],
    ignores: ['src/main/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/main reads the environment.' },
      ],
    },
  },
  {
    // The station holds cold keys: it may reach no network (imports are refused by the architecture rules).
    files: ['src/station/**'],
    rules: { 'no-restricted-globals': ['error', 'fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'] },
  },
  {
    files: ['test/**'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
