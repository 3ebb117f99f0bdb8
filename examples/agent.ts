/**
 * An agent: a model is asked, calls tools, is told what they found, and goes on until it has an answer. Each word of the model costs money: what it has said and what
 * the tools found is kept, so that an agent whose worker dies (`k` in `mainspring dev`) goes on in the middle of its conversation.
 *
 *     mainspring start agent '{"question":"Does it rain more in Seattle or in New York?"}' --follow
 *     mainspring stream $(mainspring list --name agent --json | jq -r '.runs[0].id') words --follow
 */
import { Abort, type StepContext, workflow } from '@mainspring/sdk'
import { z } from 'zod'
import { parseCsv, readData } from './support/data.ts'
import { type Message, reply, type ToolCall, type Weather } from './support/model.ts'

/** A model that never comes to an end must not cost more than this. */
const ROUNDS_MAX = 8

export const agent = workflow('agent', { input: z.object({ question: z.string() }) }, async ({ question }, ctx) => {
  const conversation: Message[] = [{ by: 'user', text: question }]
  ctx.onQuery('conversation', () => conversation)
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const said = await ctx.run('think', step => think(conversation, step), { retry: { attempts: 5 }, timeout: '2m' })
    ctx.log.info(said.text)
    conversation.push({ by: 'model', ...said })
    if (said.calls.length === 0) return { answer: said.text, rounds: round }
    const results = await Promise.all(said.calls.map(call => ctx.run(call.tool, () => use(call))))
    conversation.push(...results)
    ctx.state = { round, found: results.length }
  }
  throw new Abort(`it had no answer after ${ROUNDS_MAX} rounds`)
})

export const examples = { agent: { question: 'Does it rain more in Seattle or in New York?' } }

/** Hears the model to its end; whoever follows the run hears each word as it comes. */
async function think(conversation: readonly Message[], step: StepContext): Promise<{ text: string; calls: ToolCall[] }> {
  const words = reply(conversation, step.signal)
  const heard = step.stream<string>('words')
  let text = ''
  for (let word = await words.next(); ; word = await words.next()) {
    if (word.done) return { text, calls: word.value }
    text += word.value
    await heard.write(word.value)
  }
}

const TOOLS: Record<string, (input: string) => Promise<unknown>> = {
  cities: async () => [...new Set((await weatherRows()).map(({ location = '' }) => location))],
  weather: async city => weatherOf((await weatherRows()).filter(({ location }) => location === city)),
}

/** What a tool cannot do is told to the model, which may know better. */
async function use({ tool, input }: ToolCall): Promise<Message> {
  const result = (await TOOLS[tool]?.(input)) ?? `there is no tool "${tool}"`
  return { by: 'tool', tool, input, result }
}

async function weatherRows(): Promise<Record<string, string>[]> {
  return parseCsv(await readData('weather.csv'))
}

function weatherOf(days: Record<string, string>[]): Weather {
  const years = new Set(days.map(({ date = '' }) => date.slice(0, 4))).size
  const rainyDays = Math.round(days.filter(({ weather }) => weather === 'rain').length / years)
  return { rainyDays, warmest: Math.max(...days.map(({ temp_max }) => Number(temp_max))) }
}
