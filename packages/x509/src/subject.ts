import { KrustletError } from "@krustlet/interface";
import { oid, sequence, set, utf8 } from "./asn1-types.ts";

/** Whom a certificate is about. Kubernetes reads a user from the common name, its group from the organization. */
export interface Subject {
  readonly commonName: string;
  readonly organization?: string;
}

/** A distinguished name: `O=…, CN=…`. @throws KrustletError `InvalidField` for an empty common name. */
export function distinguishedName({ commonName, organization }: Subject): Buffer {
  if (commonName === "") throw new KrustletError("InvalidField", "A certificate needs a common name.");
  const attribute = (type: string, value: string): Buffer => set(sequence(oid(type), utf8(value)));
  return sequence(
    ...(organization === undefined ? [] : [attribute("2.5.4.10", organization)]),
    attribute("2.5.4.3", commonName),
  );
}
