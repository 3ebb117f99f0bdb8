// The rooms of docs/architecture.md and the arrows between them: everything that is not drawn here fails the build.

/** Where a room may reach, beside itself. `store` here is the port alone: the implementations are the composition root's. */
const ROOMS = {
  core: [],
  time: ['^src/core/'],
  machines: ['^src/core/', '^src/time/'],
  store: ['^src/core/'],
  engine: ['^src/core/', '^src/time/', '^src/machines/', '^src/store/[^/]+\\.ts$'],
  cluster: ['^src/core/', '^src/engine/(face|clock)\\.ts$'],
  observability: ['^src/core/', '^src/engine/face\\.ts$'],
  api: ['^src/core/', '^src/engine/face\\.ts$', '^src/observability/'],
  dialects: ['^src/core/', '^src/engine/face\\.ts$'],
  executors: ['^sdk/typescript/src/'],
  triggers: ['^sdk/typescript/src/'],
  server: ['^src/', '^sdk/typescript/src/'],
  demo: ['^src/core/', '^src/store/', '^src/engine/', '^src/api/', '^src/server/', '^sdk/typescript/src/'],
  cli: ['^src/core/', '^src/server/', '^src/demo/', '^src/dialects/', '^sdk/typescript/src/'],
}
/** No clock, no randomness, no I/O: these rooms decide, they do not act. */
const PURE = '^src/(core|time|machines)/'
const PACKAGES = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown']
/** Of the console: what every page may use. */
const SHARED = { api: [], format: [], parts: ['api', 'format'], app: ['api', 'format', 'parts'] }
const TESTS = '\\.test\\.ts$'

module.exports = {
  forbidden: [
    ...Object.entries(ROOMS).map(([room, reach]) => ({
      name: `room-${room}`,
      comment: `src/${room} may import ${reach.length ? reach.join(', ') : 'nothing of ours'}`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: TESTS },
      to: { path: '^(src|sdk|test|bench|examples|scripts)/', pathNot: [`^src/${room}/`, ...reach] },
    })),
    {
      name: 'room-sdk',
      comment: 'the SDK is a package of its own and knows nothing of ours',
      severity: 'error',
      from: { path: '^sdk/typescript/src/', pathNot: TESTS },
      to: { path: '^(src|test|bench|examples|scripts)/' },
    },
    {
      name: 'sdk-without-dependencies',
      comment: 'who installs the SDK installs nothing else',
      severity: 'error',
      from: { path: '^sdk/typescript/src/', pathNot: TESTS },
      to: { dependencyTypes: PACKAGES },
    },
    {
      name: 'room-console',
      comment: 'the console is a client of the public API and imports nothing else of ours',
      severity: 'error',
      from: { path: '^ui/src/' },
      to: { path: '^(src|sdk|test|bench|examples|scripts)/' },
    },
    ...Object.entries(SHARED).map(([room, reach]) => ({
      name: `console-${room}`,
      comment: `ui/src/${room} may import ${reach.length ? reach.join(', ') : 'nothing else of the console'}; app also the pages' routes`,
      severity: 'error',
      from: { path: `^ui/src/${room}/` },
      to: { path: '^ui/src/', pathNot: [room, ...reach].map(name => `^ui/src/${name}/`).concat(room === 'app' ? '^ui/src/[^/]+/route\\.ts$' : []) },
    })),
    {
      name: 'console-page',
      comment: 'pages know what is shared, not each other',
      severity: 'error',
      from: { path: '^ui/src/([^/]+)/', pathNot: `^ui/src/(${Object.keys(SHARED).join('|')})/` },
      to: { path: '^ui/src/', pathNot: ['^ui/src/$1/', `^ui/src/(${Object.keys(SHARED).join('|')})/`] },
    },
    {
      name: 'new-room',
      comment: 'a folder under src is a room: give it its arrows above',
      severity: 'error',
      from: { path: '^src/[^/]+', pathNot: `^src/(${Object.keys(ROOMS).join('|')})/` },
      to: {},
    },
    {
      name: 'pure',
      comment: 'time, ids and randomness come in through Context',
      severity: 'error',
      from: { path: PURE, pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-without-packages',
      comment: 'the pure rooms use no package',
      severity: 'error',
      from: { path: PURE, pathNot: TESTS },
      to: { dependencyTypes: PACKAGES },
    },
    {
      name: 'postgres-in-its-store',
      comment: 'one room talks to the scheduler’s PostgreSQL, and one to that of people’s outboxes; everybody else asks the port',
      severity: 'error',
      from: { path: '^(src|sdk|ui)/', pathNot: '^src/(store/postgres|triggers/outbox)/' },
      to: { path: '^node_modules/pg/' },
    },
    {
      name: 'no-cycle',
      comment: 'whoever needs each other to run is one; types may look at each other',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(ui/)?dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.d.ts'],
    },
  },
}
