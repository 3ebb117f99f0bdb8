import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { guarded } from './guardian.ts'

/** Why a small disk cannot be made here, or null: it takes user and mount namespaces, which a container may forbid. */
export function smallDiskImpossible(): string | null {
  const { status, stderr, error } = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' })
  return status === 0 ? null : `unshare: ${error?.message ?? stderr.trim()}`
}

/** A file system of its own over a folder, seen only by those who enter its namespace; gone with it. */
export class SmallDisk {
  readonly folder: string
  readonly #holder: ChildProcess

  static async open(folder: string, megabytes: number): Promise<SmallDisk> {
    const script = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && echo mounted && exec sleep infinity`
    const holder = guarded(spawn('unshare', ['-rm', 'sh', '-c', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] }))
    await once(holder.stdout as NonNullable<typeof holder.stdout>, 'data')
    return new SmallDisk(folder, holder)
  }

  private constructor(folder: string, holder: ChildProcess) {
    this.folder = folder
    this.#holder = holder
  }

  /** The command before a command that makes it see the disk. */
  get through(): string[] {
    return ['nsenter', '--target', String(this.#holder.pid), '--user', '--mount', '--preserve-credentials']
  }

  /** Until nothing more fits. */
  fill(): void {
    this.#run(['dd', 'if=/dev/zero', `of=${this.folder}/filler`, 'bs=4096'], 1)
  }
  free(): void {
    this.#run(['rm', `${this.folder}/filler`])
  }
  /** Only while nobody has a file of it open to write. */
  makeReadOnly(): void {
    this.#run(['mount', '-o', 'remount,ro', this.folder])
  }

  end(): void {
    this.#holder.kill('SIGKILL')
  }

  #run(command: string[], status = 0): void {
    const [enter, ...rest] = [...this.through, ...command] as [string, ...string[]]
    const done = spawnSync(enter, rest, { encoding: 'utf8' })
    if (done.status !== status) throw new Error(`${command.join(' ')} ended with ${done.status}: ${done.stderr}`)
  }
}
