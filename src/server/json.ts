/** Where a text stops being JSON: for arguments of the command line as for bodies of the API. */
export { jsonError } from '../api/json.ts'
