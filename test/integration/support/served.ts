// An app of the tests behind HTTP: runs the jobs and workflows of workflow-jobs.ts for a server that sends them.
import { createServer } from 'node:http'
import { connect } from '@mainspring/sdk'
import { serve } from '@mainspring/sdk/serve'
import * as workflows from './workflow-jobs.ts'

export interface ServedSettings {
  port: number
  url: string
  secret: string
  name: string
  records: string
}

const { port, url, secret, name, records } = JSON.parse(process.argv[2] as string) as ServedSettings
process.env.TEST_WORKER = name
process.env.TEST_RECORDS = records
const work = Object.values(workflows).filter(one => typeof one === 'object' && 'handler' in one)
const { node } = serve(work, { secret, client: connect({ url }) })
createServer((request, response) => void node(request, response)).listen(port, '127.0.0.1', () => console.log('the app is ready'))
process.on('disconnect', () => process.exit(1))
