/**
 * Text of others (a registry, a manifest, an error) without what would move the terminal's cursor, or turn the direction
 * in which its letters are read.
 */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it takes out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
}
