/** Exit codes of krustlet's own, as docker has them; any other code is a container's. */
export const EXIT_USAGE = 2;
/** Krustlet itself could not do it: no image, no volume, a bad manifest. */
export const EXIT_REFUSED = 125;
/** The user has stopped it before anything ran, as a shell tells SIGINT. */
export const EXIT_INTERRUPTED = 130;
/** The module cannot be run: not wasm, truncated, an import that nobody has. */
export const EXIT_CANNOT_RUN = 126;
