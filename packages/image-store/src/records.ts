import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable-file.ts";
import { parseRecord } from "./image-record.ts";
import type { ImageRecord } from "./image-record.ts";
import { recordPathOf } from "./layout.ts";
import type { StoreLayout } from "./layout.ts";

/** A record and when it was last used. */
export interface UsedRecord {
  readonly record: ImageRecord;
  readonly lastUsedAt: Date;
}

/** The store's records, one file each, so that processes never write to the same one for different images. */
export interface Records {
  read(name: string): Promise<ImageRecord | undefined>;
  write(record: ImageRecord): Promise<void>;
  /** When it was last used; undefined where there is none. */
  usedAt(name: string): Promise<Date | undefined>;
  /** Marks as used now. */
  touch(name: string, now: Date): Promise<void>;
  remove(name: string): Promise<void>;
  /** All, in no order. Files that are no records are passed over. */
  list(): Promise<readonly UsedRecord[]>;
}

/** The records below `layout.records`. */
export function createRecords(layout: StoreLayout, fresh: (kind: string) => string): Records {
  const parse = async (path: string): Promise<ImageRecord | undefined> =>
    parseRecord(await readFile(path, "utf8").catch(() => ""));
  return {
    async read(name) {
      const record = await parse(recordPathOf(layout, name));
      return record?.name === name ? record : undefined;
    },
    async write(record) {
      await mkdir(layout.records, { recursive: true });
      await writeDurably(
        fresh("record"),
        recordPathOf(layout, record.name),
        `${JSON.stringify(record, null, 1)}\n`,
      );
    },
    async usedAt(name) {
      return stat(recordPathOf(layout, name)).then(
        ({ mtime }) => mtime,
        () => undefined,
      );
    },
    async touch(name, now) {
      // It may have been collected or removed meanwhile.
      await utimes(recordPathOf(layout, name), now, now).catch(() => {});
    },
    async remove(name) {
      await rm(recordPathOf(layout, name), { force: true });
    },
    async list() {
      const names = await readdir(layout.records).catch(() => []);
      const found = await Promise.all(
        names.map(async (name): Promise<UsedRecord[]> => {
          const path = join(layout.records, name);
          const record = await parse(path);
          const times = await stat(path).catch(() => undefined);
          if (record === undefined || times === undefined || recordPathOf(layout, record.name) !== path)
            return [];
          return [{ record, lastUsedAt: times.mtime }];
        }),
      );
      return found.flat();
    },
  };
}
