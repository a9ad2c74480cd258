import type { Answer, Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { failHttp, HTTP_CODE, httpCodeOf } from "./http-code.ts";
import { HttpSessions } from "./http-sessions.ts";
import { parseRequestHeaders } from "./request-headers.ts";
import { sendRequest } from "./send-request.ts";

/** How long a guest waits for the head of an answer, and for each further piece of it. */
const LONGEST_WAIT_MS = 30_000;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

const sessionsOf = new WeakMap<Guest, HttpSessions>();

function sessionsOfGuest(guest: Guest): HttpSessions {
  const known = sessionsOf.get(guest);
  if (known !== undefined) return known;
  const sessions = new HttpSessions(guest.init.http?.maxRequests ?? 0);
  sessionsOf.set(guest, sessions);
  guest.onEnd(() => sessions.end());
  return sessions;
}

/** Answers with the code of whatever goes wrong; memory that is not the guest's is `MEMORY_ACCESS`. */
function coded(answer: () => Answer): Answer {
  try {
    return answer();
  } catch (error) {
    return httpCodeOf(error, HTTP_CODE.MEMORY_ACCESS);
  }
}

/** Suspends the guest until the work is done, with its answer, or has failed or taken too long, with a code. */
function waitFor<T>(
  guest: Guest,
  work: (signal: AbortSignal) => Promise<T>,
  answer: (value: T) => void,
): Promise<number> {
  const late = new AbortController();
  const timer = guest.clock.timer(LONGEST_WAIT_MS, () => late.abort());
  const signal = AbortSignal.any([late.signal, sessionsOfGuest(guest).signal]);
  const given = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => given.reject(signal.reason), { once: true });
  const outcome = Promise.race([work(signal), given.promise]).then(
    (value) => () => {
      answer(value);
      return HTTP_CODE.SUCCESS;
    },
    (error: unknown) => () => httpCodeOf(error),
  );
  return guest.waitFor(
    outcome.finally(() => timer[Symbol.dispose]()),
    (code) => coded(code),
  );
}

function text(guest: Guest, pointer: number, length: number): string {
  const bytes = guest.memory.slice(pointer, length);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return failHttp(HTTP_CODE.UTF8);
  }
}

function request(
  guest: Guest,
  urlAt: number,
  urlLength: number,
  methodAt: number,
  methodLength: number,
  headersAt: number,
  headersLength: number,
  bodyAt: number,
  bodyLength: number,
  statusAt: number,
  handleAt: number,
): Answer {
  return coded(() => {
    const { http: access, network = {} } = guest.init;
    const url = text(guest, urlAt, urlLength);
    const method = text(guest, methodAt, methodLength).toUpperCase();
    const headers = parseRequestHeaders(text(guest, headersAt, headersLength));
    // Copied: the memory is the guest's, and may move.
    const body = Uint8Array.from(guest.memory.slice(bodyAt, bodyLength));
    guest.memory.slice(statusAt, 2);
    guest.memory.slice(handleAt, 4);
    if (!METHODS.has(method)) failHttp(HTTP_CODE.INVALID_METHOD);
    if (access === undefined) return failHttp(HTTP_CODE.DESTINATION_NOT_ALLOWED);
    const sessions = sessionsOfGuest(guest);
    const free = sessions.reserve();
    const send = (signal: AbortSignal) =>
      sendRequest({ url, method, headers, body }, { access, network, signal }).finally(free);
    return waitFor(guest, send, (answer) => {
      guest.memory.view.setUint16(statusAt >>> 0, answer.statusCode ?? 0, true);
      guest.memory.setU32(handleAt, sessions.add(answer));
    });
  });
}

function close(guest: Guest, handle: number): Answer {
  return coded(() => {
    sessionsOfGuest(guest).close(handle);
    return HTTP_CODE.SUCCESS;
  });
}

/** Writes bytes to a buffer of the guest's, and how many they are. */
function give(guest: Guest, bytes: Uint8Array, at: number, length: number, writtenAt: number): number {
  if (bytes.length > length >>> 0) failHttp(HTTP_CODE.BUFFER_TOO_SMALL);
  guest.memory.slice(at, bytes.length).set(bytes);
  guest.memory.setU32(writtenAt, bytes.length);
  return HTTP_CODE.SUCCESS;
}

function headerGet(
  guest: Guest,
  handle: number,
  nameAt: number,
  nameLength: number,
  at: number,
  length: number,
  writtenAt: number,
): Answer {
  return coded(() => {
    const { headers } = sessionsOfGuest(guest).get(handle);
    const wanted = text(guest, nameAt, nameLength).toLowerCase();
    const found = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
    if (found === -1) failHttp(HTTP_CODE.HEADER_NOT_FOUND);
    return give(guest, Buffer.from(headers[found + 1] ?? "", "latin1"), at, length, writtenAt);
  });
}

function headersGetAll(guest: Guest, handle: number, at: number, length: number, writtenAt: number): Answer {
  return coded(() => {
    const { headers } = sessionsOfGuest(guest).get(handle);
    const lines = headers.flatMap((name, index) =>
      index % 2 === 0 ? [`${name.toLowerCase()}:${headers[index + 1]}\n`] : [],
    );
    return give(guest, Buffer.from(lines.join(""), "latin1"), at, length, writtenAt);
  });
}

function bodyRead(guest: Guest, handle: number, at: number, length: number, writtenAt: number): Answer {
  return coded(() => {
    const { body } = sessionsOfGuest(guest).get(handle);
    guest.memory.slice(at, length);
    guest.memory.slice(writtenAt, 4);
    if (length === 0) return give(guest, new Uint8Array(), at, 0, writtenAt);
    return waitFor(
      guest,
      () => body.read(length >>> 0),
      (bytes) => void give(guest, bytes, at, length, writtenAt),
    );
  });
}

/**
 * The module `wasi_experimental_http`, which programs for the original Krustlet import: requests to the origins that the guest
 * is given, none without. Its functions answer with codes of their own.
 */
export const httpFace: Face = {
  quick: {
    close,
    header_get: headerGet,
    headers_get_all: headersGetAll,
    // As the bindings for AssemblyScript have it.
    header_get_all: headersGetAll,
  },
  waiting: { req: request, body_read: bodyRead },
};
