import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Stands for a language model, so that nobody needs a key: it is given the conversation so far, and says word by word what comes next; then, which tools it wants
 * called. It knows one trade, the weather of two cities.
 */
export type Message =
  | { by: 'user'; text: string }
  | { by: 'model'; text: string; calls: ToolCall[] }
  | { by: 'tool'; tool: string; input: string; result: unknown }

export interface ToolCall {
  tool: string
  input: string
}

/** Gives words, and in the end what it wants called: nothing, once it has answered. */
export async function* reply(conversation: readonly Message[], signal: AbortSignal): AsyncGenerator<string, ToolCall[]> {
  const { text, calls } = next(conversation)
  const wordMs = Number(process.env.MAINSPRING_EXAMPLES_WORD_MS ?? 300)
  for (const [index, word] of text.split(' ').entries()) {
    if (wordMs > 0) await sleep(wordMs, undefined, { signal })
    yield index === 0 ? word : ` ${word}`
  }
  return calls
}

function next(conversation: readonly Message[]): { text: string; calls: ToolCall[] } {
  const results = conversation.filter(message => message.by === 'tool')
  const cities = results.find(({ tool }) => tool === 'cities')?.result as string[] | undefined
  if (cities === undefined) return { text: 'Let me see which cities I have records of.', calls: [{ tool: 'cities', input: '' }] }
  const question = conversation[0]?.by === 'user' ? conversation[0].text : ''
  const asked = cities.filter(city => question.includes(city))
  if (asked.length === 0) return { text: `I have records of ${cities.join(' and ')} only.`, calls: [] }
  const found = results.filter(({ tool }) => tool === 'weather') as { input: string; result: Weather }[]
  if (found.length === 0) return { text: `I look up ${asked.join(' and ')}.`, calls: asked.map(city => ({ tool: 'weather', input: city })) }
  return {
    text: found.map(({ input, result }) => `${input} has ${result.rainyDays} days of rain a year, and ${result.warmest} °C at most.`).join(' '),
    calls: [],
  }
}

export interface Weather {
  rainyDays: number
  warmest: number
}
