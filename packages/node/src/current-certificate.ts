import type { CertificateFiles } from "./certificate-files.ts";
import { certificateSatisfies } from "./certificate-satisfies.ts";
import { doingOf } from "./doer-options.ts";
import type { KeepCertificateOptions, NodeCertificate } from "./keep-certificate-options.ts";
import type { StoredCertificate } from "./node-key.ts";
import { planCertificateRotation } from "./plan-certificate-rotation.ts";
import { selfSignedServing } from "./self-signed-serving.ts";

/** The certificate that a node uses at a moment, and when the next one is due. */
export interface CurrentCertificate {
  /** The one that the cluster issued; undefined where there is none that is good. */
  good(): StoredCertificate | undefined;
  /** The names and addresses that it should be for. */
  addresses(): readonly string[];
  /** Whether another one is to be asked for now. */
  isDue(): boolean;
  /** Milliseconds until it is due by its age; negative where that is over. */
  dueIn(): number;
  /** Whether a key is the one of the certificate that was stored last. */
  hasKey(key: StoredCertificate["key"]): boolean;
  /** Takes the one on disk, where it is this node's. */
  load(): Promise<void>;
  /** Takes one that was issued. */
  adopt(issued: StoredCertificate): void;
  /** Tells the certificate that is to be used now, where it is not the one that was told last. */
  offer(from?: NodeCertificate["from"]): Promise<void>;
}

/** A self-signed certificate, what it is for, and until when it is used. */
interface SelfSigned {
  readonly stored: StoredCertificate;
  readonly names: readonly string[];
  readonly until: Date;
}

/** Holds the certificate of one use of a node. */
export function holdCurrentCertificate(
  options: KeepCertificateOptions,
  files: CertificateFiles,
): CurrentCertificate {
  const { use, nodeName } = options;
  const { clock, random, onFailure } = doingOf(options);
  let current: StoredCertificate | undefined;
  let rotateAt = new Date(0);
  let selfSigned: SelfSigned | undefined;
  let told: StoredCertificate | undefined;

  const good = (): StoredCertificate | undefined =>
    current !== undefined && current.notAfter > clock.now() ? current : undefined;
  const addresses = (): readonly string[] => (use === "serving" ? (options.addresses?.() ?? []) : []);

  function tell(stored: StoredCertificate, from: NodeCertificate["from"]): void {
    if (told === stored) return;
    told = stored;
    const { certificate, notBefore, notAfter } = stored;
    const key = stored.key.export({ type: "pkcs8", format: "pem" });
    options.onCertificate({ certificate, key, notBefore, notAfter, from });
  }

  async function ownSignature(): Promise<StoredCertificate> {
    const now = clock.now();
    const names = addresses();
    if (selfSigned === undefined || !sameList(selfSigned.names, names) || now >= selfSigned.until) {
      const stored = await selfSignedServing(nodeName, names, now);
      const until = planCertificateRotation(stored.notBefore, stored.notAfter, random());
      selfSigned = { stored, names, until };
    }
    return selfSigned.stored;
  }

  return {
    good,
    addresses,
    isDue() {
      if (options.request === false || (use === "serving" && addresses().length === 0)) return false;
      const certificate = good();
      if (certificate === undefined || clock.now() >= rotateAt) return true;
      return !certificateSatisfies(certificate.certificate, nodeName, addresses());
    },
    dueIn: () => rotateAt.getTime() - clock.now().getTime(),
    hasKey: (key) => current?.key.equals(key) === true,
    async load() {
      try {
        const stored = await files.load();
        // Somebody else's client certificate would make the node somebody else.
        if (stored === undefined || !certificateSatisfies(stored.certificate, nodeName, [])) return;
        current = stored;
        rotateAt = planCertificateRotation(stored.notBefore, stored.notAfter, random());
      } catch (error) {
        onFailure(error);
      }
    },
    adopt(issued) {
      const now = clock.now();
      const from = issued.notBefore > now ? issued.notBefore : now;
      current = issued;
      rotateAt = planCertificateRotation(from, issued.notAfter, random());
    },
    async offer(from = "stored") {
      const certificate = good();
      if (certificate !== undefined) tell(certificate, from);
      else if (use === "serving") tell(await ownSignature(), "self-signed");
    },
  };
}

/** Whether two lists are the same, in order. */
export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
