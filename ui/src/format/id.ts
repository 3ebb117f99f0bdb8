/** What people read and type of a run's id: its last five characters, as the command line shows it. */
export function shortId(id: string): string {
  return id.slice(-5)
}
