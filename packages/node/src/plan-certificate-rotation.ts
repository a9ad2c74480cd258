/**
 * Pure: when a certificate is to be replaced: after 70 to 90 % of its life, at random, so that nodes which were made
 * together do not ask together.
 *
 * @param random - a number from 0 up to 1
 */
export function planCertificateRotation(notBefore: Date, notAfter: Date, random: number): Date {
  const life = Math.max(0, notAfter.getTime() - notBefore.getTime());
  return new Date(notBefore.getTime() + life * (0.7 + 0.2 * random));
}
