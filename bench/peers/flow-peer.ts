/** Durable workflows that Mainspring's are compared with, at the best settings that their documentation gives. */
export interface FlowPeer {
  /** Runs what is called, until the process ends; nothing where whoever calls runs it, too. */
  serve(): Promise<void>
  /** From its start to its result. */
  call(what: Workflow, input: number): Promise<unknown>
}

/** The same as in ../flows.ts. */
export type Workflow = 'five' | 'one' | 'fan'

export const step = async (): Promise<string> => 'ok'
