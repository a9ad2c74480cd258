/** A plain copy of an API object, with `fields` set over its own. The client's classes have no behaviour to lose. */
export function withFields<T extends object>(object: T | undefined, fields: Partial<T> = {}): T {
  return Object.assign({} as T, object, fields);
}
