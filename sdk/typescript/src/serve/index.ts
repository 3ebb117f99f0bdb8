/** Jobs and workflows behind HTTP, in whatever framework: `serve(app, [resize, order])`. */
export type { Endpoint, ServeOptions } from './endpoint.ts'
export type { LambdaAnswer, LambdaEvent } from './lambda.ts'
export {
  type Ask,
  CODE_HEADER,
  type Description,
  type History,
  ID_HEADER,
  type Result,
  type Saying,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from './messages.ts'
export type { NodeListener, NodeRequest } from './node.ts'
export { type ServeAppOptions, type Served, serve } from './serve.ts'
export { signature } from './signature.ts'
