const LONGEST = 80;

/** A stranger's text within a sentence: quoted, without control characters, and short. */
export function shown(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}
