import openapiTS, { astToString } from 'openapi-typescript'

/** An API's description as types. It lives here because its package does. */
export async function typesOf(description: object): Promise<string> {
  return astToString(await openapiTS(description as Parameters<typeof openapiTS>[0]))
}
