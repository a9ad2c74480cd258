import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory that is gone when it is disposed of. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A new directory with `files`: text by relative path; `-> target` makes a link, a path that ends in `/` a directory. */
export async function temporaryDirectory(
  files: Readonly<Record<string, string>> = {},
): Promise<TemporaryDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "krustlet-wasi-")));
  for (const [name, text] of Object.entries(files)) {
    const full = join(path, name);
    await mkdir(name.endsWith("/") ? full : dirname(full), { recursive: true });
    if (text.startsWith("-> ")) await symlink(text.slice(3), full);
    else if (!name.endsWith("/")) await writeFile(full, text);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
