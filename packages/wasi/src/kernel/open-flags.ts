import { constants } from "node:fs";

/** Linux's; node:fs has no name for it. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** For a directory on the way of a path. */
export const DIRECTORY_ON_THE_WAY: number = O_PATH | constants.O_DIRECTORY | O_CLOEXEC;

/**
 * With every open for a guest: never become a controlling terminal, never leak into a child process, and never wait
 * in the open itself (a FIFO or device in a volume must not stop the thread).
 */
export const ALWAYS: number = O_CLOEXEC | constants.O_NOCTTY | constants.O_NONBLOCK;
