import { errnoOfFailure } from "./errno.ts";
import type { Answer, Face, ImportFunction } from "./face.ts";
import type { Guest } from "./guest.ts";
import { jspi } from "./jspi.ts";
import { missingImport } from "./missing-import.ts";

type Call = (guest: Guest, a?: unknown, b?: unknown, c?: unknown, d?: unknown) => Answer;

/**
 * Calls an import function of up to four arguments; what it throws becomes an errno. No closures and no lists: whatever
 * a call leaves behind brings the next collection of garbage nearer, which looks at the stacks of all guests that wait.
 */
export function answerOf(
  guest: Guest,
  call: Call,
  a?: unknown,
  b?: unknown,
  c?: unknown,
  d?: unknown,
): Answer {
  // A guest that has ended and runs still gets no further than its next import.
  guest.requireAlive();
  let answer: Answer;
  try {
    answer = call(guest, a, b, c, d);
  } catch (error) {
    answer = errnoOfFailure(error);
  }
  // The import ended the guest, or somebody did meanwhile: it gets no answer.
  guest.requireAlive();
  return answer;
}

/**
 * The function that the module gets. Of the right arity, because V8 calls such a function directly; a rest parameter
 * would cost an array for each call.
 */
function bound(guest: Guest, operation: ImportFunction): (...values: never[]) => unknown {
  const call = operation as unknown as Call;
  switch (operation.length - 1) {
    case 0:
      return () => answerOf(guest, call);
    case 1:
      return (a: unknown) => answerOf(guest, call, a);
    case 2:
      return (a: unknown, b: unknown) => answerOf(guest, call, a, b);
    case 3:
      return (a: unknown, b: unknown, c: unknown) => answerOf(guest, call, a, b, c);
    case 4:
      return (a: unknown, b: unknown, c: unknown, d: unknown) => answerOf(guest, call, a, b, c, d);
    default:
      return (...values: never[]) => answerOf(guest, () => operation(guest, ...values));
  }
}

const importsOfModule = new WeakMap<WebAssembly.Module, readonly WebAssembly.ModuleImportDescriptor[]>();

// Asking the engine builds the list anew each time; modules are shared by many guests.
function importsOf(module: WebAssembly.Module): readonly WebAssembly.ModuleImportDescriptor[] {
  let imports = importsOfModule.get(module);
  if (imports === undefined) {
    imports = WebAssembly.Module.imports(module);
    importsOfModule.set(module, imports);
  }
  return imports;
}

function importOf(guest: Guest, face: Face | undefined, name: string): WebAssembly.ImportValue | undefined {
  const waiting = face !== undefined && Object.hasOwn(face.waiting, name) ? face.waiting[name] : undefined;
  if (waiting !== undefined) return new jspi.Suspending(bound(guest, waiting));
  const quick = face !== undefined && Object.hasOwn(face.quick, name) ? face.quick[name] : undefined;
  return quick === undefined ? undefined : bound(guest, quick);
}

/** The import object for `module`: what it asks for and no more. What `extra` has comes before the faces. */
export function buildImports(
  guest: Guest,
  module: WebAssembly.Module,
  faces: Readonly<Record<string, Face>>,
  extra: WebAssembly.Imports,
): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
  for (const wanted of importsOf(module)) {
    const face = Object.hasOwn(faces, wanted.module) ? faces[wanted.module] : undefined;
    const given = Object.hasOwn(extra, wanted.module) ? extra[wanted.module]?.[wanted.name] : undefined;
    const value = given ?? (wanted.kind === "function" ? importOf(guest, face, wanted.name) : undefined);
    if (value === undefined) throw missingImport(wanted);
    (imports[wanted.module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>)[wanted.name] =
      value;
  }
  return imports;
}
