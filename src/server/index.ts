/** The package `mainspring`: a node in one's own process. Jobs and clients are in `@mainspring/sdk`, the test environment in `mainspring/testing`. */
export { type EmbeddedNode, type NodeOptions, startNode } from './embedded.ts'
export { Refusal } from './refusal.ts'
