/** What the functions of `wasi_experimental_http` answer. */
export const HTTP_CODE = {
  SUCCESS: 0,
  INVALID_HANDLE: 1,
  MEMORY_ACCESS: 3,
  BUFFER_TOO_SMALL: 4,
  HEADER_NOT_FOUND: 5,
  UTF8: 6,
  DESTINATION_NOT_ALLOWED: 7,
  INVALID_METHOD: 8,
  INVALID_ENCODING: 9,
  INVALID_URL: 10,
  REQUEST: 11,
  TOO_MANY_SESSIONS: 13,
} as const;

/** A call that comes to nothing, and the code that its guest gets. */
class HttpFailure extends Error {
  override readonly name: string = "HttpFailure";
  readonly code: number;

  constructor(code: number) {
    super(`wasi_experimental_http: code ${code}`);
    this.code = code;
  }
}

/** Ends a call with a code. */
export function failHttp(code: number): never {
  throw new HttpFailure(code);
}

/** The code for whatever a call threw; what is not known otherwise is a request that failed. */
export function httpCodeOf(error: unknown, otherwise: number = HTTP_CODE.REQUEST): number {
  return error instanceof HttpFailure ? error.code : otherwise;
}
