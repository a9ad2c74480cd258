const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The UTF-8 text that `base64` holds, or undefined where it is no base64. Line breaks are allowed, as in Go. */
export function base64Text(base64: string): string | undefined {
  const packed = base64.replaceAll(/[\r\n]/g, "");
  return BASE64.test(packed) ? Buffer.from(packed, "base64").toString("utf8") : undefined;
}
