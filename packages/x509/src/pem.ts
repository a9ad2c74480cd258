/** Bytes in PEM (RFC 7468), in lines of 64, under a label such as `CERTIFICATE`. */
export function pemOf(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The bytes of the first block of this label in a text; undefined where there is none. */
export function bytesOfPem(label: string, text: string): Buffer | undefined {
  const body = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(
    text,
  )?.[1];
  return body === undefined ? undefined : Buffer.from(body, "base64");
}
