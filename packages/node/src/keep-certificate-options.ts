import type { CertificateUse } from "./build-certificate-request.ts";
import type { DoerOptions } from "./doer-options.ts";
import type { RequestCertificateOptions } from "./request-certificate.ts";

/** A certificate to use from now on. */
export interface NodeCertificate {
  /** PEM; the node's own certificate first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `stored`: found on disk; `self-signed`: a serving certificate until one is issued. */
  readonly from: "stored" | "issued" | "self-signed";
}

/** Options of `keepCertificate`. */
export interface KeepCertificateOptions extends DoerOptions, Pick<RequestCertificateOptions, "onPending"> {
  readonly use: CertificateUse;
  readonly nodeName: string;
  /** Where the certificates and keys are kept, such as `/var/lib/krustlet/pki`. */
  readonly directory: string;
  /** Of a serving certificate: the node's names and addresses, asked every minute. While there are none, none is asked for. */
  readonly addresses?: () => readonly string[];
  /** False: none is asked for; a serving certificate that is not on disk is self-signed for good. Default: true. */
  readonly request?: boolean;
  /** How long a certificate should be good; the signer may shorten it. At least 600. */
  readonly expirationSeconds?: number;
  /** Told each certificate that is to be used from now on; the first one as soon as there is any. */
  readonly onCertificate: (certificate: NodeCertificate) => void;
}
