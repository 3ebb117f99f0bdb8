/** What a command is given: cron(8) ends it at the first `%`, and what follows is its standard input. */
export interface CommandText {
  command: string
  /** Undefined: there is none. */
  stdin: string | undefined
}

/**
 * - In the command `\%` is a percent sign, `%` its end. A backslash before anything else stays and takes the meaning of what follows it, so that `\\%` ends the command.
 * - In the input `%` is a line break and `\%` a percent sign; of `\\%` the first backslash stays. It ends with a line break.
 */
export function splitCommand(text: string): CommandText {
  const end = endOf(text)
  const command = text.slice(0, end).replace(/\\([\s\S])/g, (pair, character) => (character === '%' ? '%' : pair))
  const input = text.slice(end + 1)
  if (input === '') return { command, stdin: undefined }
  const lines = input.replace(/(?<!\\)\\*%/g, run => (run.length === 1 ? '\n' : `${run.slice(0, -2)}%`))
  return { command, stdin: lines.endsWith('\n') ? lines : `${lines}\n` }
}

/** Of the first `%` that no backslash escapes, or of the text. */
function endOf(text: string): number {
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === '%') return index
  }
  return text.length
}
