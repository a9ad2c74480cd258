/** Whether `host` (of a URL or a reference, port and brackets allowed) is this machine itself. */
export function isLoopback(host: string): boolean {
  const name = host
    .replace(/(^[^:]*|\]):\d+$/, "$1")
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
  return name === "localhost" || name === "::1" || /^127(?:\.\d{1,3}){3}$/.test(name);
}
