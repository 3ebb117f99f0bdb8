import type { WireApproval } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { jsonArgument, textFlag } from './arguments.ts'
import { approvalsText, approvalText } from './output/approvals.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring approvals ls|show`, `approve`, `reject`: what waits for a person. */
export function addApprovalVerbs(program: Command, terminal: Terminal): void {
  const approvals = program.command('approvals').description('what waits for a person: approvals of DAGs')
  calling(approvals.command('ls').description('those that are open, the newest first'), terminal, 'mainspring approvals ls', async session => {
    session.show({ approvals: await openApprovals(session) }, ({ approvals }) => approvalsText(approvals, session.look))
    return undefined
  })
  const show = approvals
    .command('show')
    .description('what is asked, by whom it may be answered, and its form')
    .argument('<run>', 'id, or the end of one')
  calling(show, terminal, 'mainspring approvals show 7kq2m', async (session, [run = '']) => {
    session.show(await session.client.approvals.get(run), answer => approvalText(answer, session.look))
    return undefined
  })
  const said = (command: Command) =>
    command
      .argument('<run>', 'id, or the end of one')
      .option('--why <text>', 'kept in the history, and given to the tasks after it')
      .option('--by <name>', 'who you are, on a server without API keys')
  const approve = said(program.command('approve').description('approve what waits for a person: its DAG goes on')).option(
    '--input <json>',
    'what its form asks for',
  )
  calling(approve, terminal, `mainspring approve 7kq2m --input '{"amount":5}'`, async (session, [run = ''], flags) => {
    const input = textFlag(flags.input)
    await session.client.approvals.approve(run, { ...whoSays(flags), ...(input !== undefined && { input: jsonArgument(input, '--input') }) })
    return told(session, run, 'approved')
  })
  const reject = said(program.command('reject').description('reject it: what is after it is skipped, or as its DAG says'))
  calling(reject, terminal, 'mainspring reject 7kq2m --why "not this week"', async (session, [run = ''], flags) => {
    await session.client.approvals.reject(run, whoSays(flags))
    return told(session, run, 'rejected')
  })
}

function whoSays(flags: Flags): { why?: string; by?: string } {
  const [why, by] = [textFlag(flags.why), textFlag(flags.by)]
  return { ...(why !== undefined && { why }), ...(by !== undefined && { by }) }
}

function told(session: Session, run: string, as: 'approved' | 'rejected'): undefined {
  session.show({ run, as }, () => `${shortId(run)} is ${as}.`)
  return undefined
}

async function openApprovals({ client }: Session): Promise<WireApproval[]> {
  const all: WireApproval[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await client.approvals.list({ limit: PAGE, ...(cursor !== '' && { cursor }) })
    all.push(...page.approvals)
    cursor = page.next
  }
  return all
}
const PAGE = 1_000
