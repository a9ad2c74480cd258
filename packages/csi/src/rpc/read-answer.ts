/** Pure readers of what a plugin answered: nothing of it is certain, whatever its type says. */

/** The text of a field; empty where there is none. */
export function textIn(answer: unknown, field: string): string {
  const value = valueIn(answer, field);
  return typeof value === "string" ? value : "";
}

/** The texts of a repeated field. */
export function textsIn(answer: unknown, field: string): readonly string[] {
  return listIn(answer, field).filter((value) => typeof value === "string");
}

/** The values of a repeated field. */
export function listIn(answer: unknown, field: string): readonly unknown[] {
  const value = valueIn(answer, field);
  return Array.isArray(value) ? value : [];
}

/** The value of a field, whatever it is. */
export function valueIn(answer: unknown, field: string): unknown {
  if (typeof answer !== "object" || answer === null || !Object.hasOwn(answer, field)) return undefined;
  return (answer as Readonly<Record<string, unknown>>)[field];
}
