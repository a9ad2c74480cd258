/**
 * Pure: when a certificate is to be replaced: after 70 to 90 % of its life, at random, so that nodes which were made
 * together do not ask together.
 *
 * @param from - since when it is good, or was had: a signer may date a short life back by more than it is long
 * @param random - a number from 0 up to 1
 */
export function planCertificateRotation(from: Date, notAfter: Date, random: number): Date {
  const life = Math.max(0, notAfter.getTime() - from.getTime());
  return new Date(from.getTime() + life * (0.7 + 0.2 * random));
}
