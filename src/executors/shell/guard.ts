import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Kills what a worker leaves behind when it dies without a word (kill -9, out of memory, a crash): a shell of a few lines, in a session of its own, reads from a
 * pipe which process groups there are, and kills those that are left when the pipe breaks, which the kernel sees to whatever happened. One for all commands.
 */
export class Guard {
  readonly #groups = new Set<number>()
  #child: ChildProcess | null = null

  /** Resolves when the pipe has it: from then on the group dies with this process. */
  add(group: number): Promise<void> {
    this.#groups.add(group)
    return this.#child === null ? this.#begin() : this.#say(`+ ${group}\n`)
  }

  /** When no process of the group is left: its number may be given to another from now on. */
  remove(group: number): void {
    this.#groups.delete(group)
    void this.#say(`- ${group}\n`)
  }

  close(): void {
    this.#child?.stdin?.end()
    this.#child = null
  }

  #begin(): Promise<void> {
    const child = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, cwd: '/', env: {}, stdio: ['pipe', 'ignore', 'ignore'] })
    this.#child = child
    child.on('error', () => this.#lost(child))
    child.on('exit', () => this.#lost(child))
    child.stdin.on('error', () => this.#lost(child))
    child.unref()
    ;(child.stdin as unknown as { unref(): void }).unref()
    return this.#say([...this.#groups].map(group => `+ ${group}\n`).join(''))
  }

  /** Without a guard a command runs all the same. */
  #say(lines: string): Promise<void> {
    return new Promise(resolve => {
      if (this.#child?.stdin?.write(lines, () => resolve()) === undefined) resolve()
    })
  }

  /** The next command begins another one. */
  #lost(child: ChildProcess): void {
    if (this.#child === child) this.#child = null
  }
}

const SCRIPT = `trap '' HUP INT QUIT TERM
left=' '
while read -r what group; do
  case $what in
    +) left="$left$group " ;;
    -) case $left in *" $group "*) left="\${left%% "$group" *} \${left#* "$group" }" ;; esac ;;
  esac
done
for group in $left; do kill -s KILL -- "-$group" 2>/dev/null; done
`
