/** `wanted`, or the first of `wanted1`, `wanted2` … that is not in `taken`. The result is added to `taken`. */
export function unusedName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 1; taken.has(name); number++) name = `${wanted}${number}`;
  taken.add(name);
  return name;
}
