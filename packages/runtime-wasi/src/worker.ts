/**
 * The file that every thread of the runtime starts from.
 */
import { startThread } from "./start-thread.ts";

await startThread();
