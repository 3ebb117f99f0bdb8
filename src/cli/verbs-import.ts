import type { Command } from 'commander'
import { acting } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring import airflow`. */
export function addImportVerbs(program: Command, terminal: Terminal): void {
  const importing = program.command('import').description('translate what another system has into files of ours')
  const airflow = importing
    .command('airflow')
    .description('write the DAGs of an Airflow DAG file as YAML for apply, and say what is left to do; the file is read, never run')
    .argument('<file>', 'a DAG file of Airflow 2 or 3')
    .option('--out <file>', 'write it there (default: standard output)')
    .option('--python <command>', 'the Python that reads it, 3.9 or newer', 'python3')
    .option('--json', 'for programs: the DAGs, schedules and notes')
  acting(airflow, terminal, 'mainspring import airflow dags/sales.py --out sales.yaml', async (session, files, flags) =>
    (await import('./import-airflow.ts')).importAirflow(session, files, flags),
  )
}
