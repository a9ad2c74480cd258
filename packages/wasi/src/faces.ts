import type { Face } from "./face.ts";
import { httpFace } from "./http/http-face.ts";
import { argsFace } from "./preview1/args.ts";
import { clocksFace } from "./preview1/clocks.ts";
import { fdFace } from "./preview1/fd.ts";
import { PREVIEW1, UNSTABLE } from "./preview1/layout.ts";
import type { Layout } from "./preview1/layout.ts";
import { pathFace } from "./preview1/path.ts";
import { pollFace } from "./preview1/poll.ts";
import { procFace } from "./preview1/proc.ts";
import { sockFace } from "./preview1/sock.ts";
import { wasmedgeFaces } from "./wasmedge/wasmedge-face.ts";

/** One face of several; a later one's function replaces an earlier one's of the same name. */
function mergeFaces(...faces: readonly Face[]): Face {
  return {
    quick: Object.assign({}, ...faces.map(({ quick }) => quick)),
    waiting: Object.assign({}, ...faces.map(({ waiting }) => waiting)),
  };
}

function version(layout: Layout): Face {
  return mergeFaces(
    argsFace,
    clocksFace,
    fdFace(layout),
    pathFace(layout),
    pollFace(layout),
    procFace,
    sockFace,
  );
}

/** The import modules that a guest can always have. */
export const FACES: Readonly<Record<string, Face>> = {
  wasi_snapshot_preview1: mergeFaces(version(PREVIEW1), ...wasmedgeFaces),
  wasi_unstable: version(UNSTABLE),
  wasi_experimental_http: httpFace,
};

/** {@link FACES} with others: modules besides, and functions in place of those of the same module and name. */
export function facesWith(others: Readonly<Record<string, Face>> = {}): Readonly<Record<string, Face>> {
  const faces: Record<string, Face> = { ...FACES };
  for (const [module, face] of Object.entries(others)) {
    const own = FACES[module];
    faces[module] = own === undefined ? face : replaceIn(own, face);
  }
  return faces;
}

/** Whether a function waits is up to the face that has it. */
function replaceIn(own: Face, other: Face): Face {
  const kept = (functions: Face["quick"]): Face["quick"] =>
    Object.fromEntries(
      Object.entries(functions).filter(
        ([name]) => !Object.hasOwn(other.quick, name) && !Object.hasOwn(other.waiting, name),
      ),
    );
  return {
    quick: { ...kept(own.quick), ...other.quick },
    waiting: { ...kept(own.waiting), ...other.waiting },
  };
}
