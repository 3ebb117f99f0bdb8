import { useSearch } from '@tanstack/react-router'

export const DEFAULT_NAMESPACE = 'default'

/** The namespace that this address is about: `?namespace=`, kept by all links. */
export function useNamespace(): string {
  const search = useSearch({ strict: false }) as { namespace?: string }
  return search.namespace ?? DEFAULT_NAMESPACE
}
