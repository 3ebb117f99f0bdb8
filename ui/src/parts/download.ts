/** Hands a text to the reader as a file. */
export function download(name: string, text: string, type = 'application/json'): void {
  saveAs(name, new Blob([text], { type }))
}

export function saveAs(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name.replace(/[^\w.-]+/g, '-')
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
