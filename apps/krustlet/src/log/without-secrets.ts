const HIDDEN = "[hidden]";

/** What credentials look like in the texts of errors and messages. */
const SECRETS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  // A private key, whole or cut off.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gu, HIDDEN],
  [/\b(authorization["']?\s*[:=]\s*["']?)(?:[a-z]+ )?[^\s"',;]+/giu, `$1${HIDDEN}`],
  [/\b(bearer|basic) +[\w.~+/=-]{6,}/giu, `$1 ${HIDDEN}`],
  // JSON web tokens, such as those of service accounts.
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/gu, HIDDEN],
  // Bootstrap tokens.
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/gu, HIDDEN],
  [/\b(https?:\/\/)[^/\s:@]+:[^/\s@]+@/giu, `$1${HIDDEN}@`],
  // In JSON, in a query, in YAML; not in a sentence such as "failed to fetch token: POST …".
  [/("(?:\w*_?token|password|client-key-data)"\s*:\s*)"[^"]*"/giu, `$1"${HIDDEN}"`],
  [/\b(\w*_?token|password)=[^\s"',;&]+/giu, `$1=${HIDDEN}`],
  [/\b(\w*_?token|password|client-key-data): *(?=[\w.~+/=-]*\d)[\w.~+/=-]{12,}/giu, `$1: ${HIDDEN}`],
];

/** `text` without what looks like a token, a password or a private key in it. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const [pattern, instead] of SECRETS) clean = clean.replaceAll(pattern, instead);
  return clean;
}
