// Two workers share the cores: OpenMP's threads that spin while they wait would take the other's time.
process.env.OMP_WAIT_POLICY ??= 'passive';

module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 2,
};
