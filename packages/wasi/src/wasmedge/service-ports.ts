/** Ports of the services that programs name rather than number (IANA's registry has them all). */
const PORTS: Readonly<Record<string, number>> = {
  echo: 7,
  discard: 9,
  "ftp-data": 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  time: 37,
  domain: 53,
  tftp: 69,
  http: 80,
  pop3: 110,
  ntp: 123,
  imap: 143,
  snmp: 161,
  ldap: 389,
  https: 443,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  mqtt: 1883,
  mysql: 3306,
  postgresql: 5432,
  amqp: 5672,
  redis: 6379,
  "http-alt": 8080,
};

/** The port of a service, by number or name; undefined where there is no such service. None given: 0. */
export function portOfService(service: string): number | undefined {
  if (service === "") return 0;
  if (!/^\d{1,5}$/u.test(service)) return Object.hasOwn(PORTS, service) ? PORTS[service] : undefined;
  const port = Number(service);
  return port <= 65_535 ? port : undefined;
}
