/** Hands a text to the reader as a file. */
export function download(name: string, text: string, type = 'application/json'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name.replace(/[^\w.-]+/g, '-')
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
