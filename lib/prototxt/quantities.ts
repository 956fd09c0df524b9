/** Large numbers as people read them. */

const POWERS = ['', ' k', ' M', ' G', ' T', ' P', ' E'];
const BINARY_POWERS = [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB', ' EiB'];

/** 60,965,224 */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 724 M: three digits that mean something. */
export function rounded(number: number): string {
  return scaled(number, 1000, POWERS);
}

/** 1.25 GiB */
export function bytes(number: number): string {
  return scaled(number, 1024, BINARY_POWERS);
}

function scaled(number: number, base: number, units: readonly string[]): string {
  let [value, power] = [number, 0];
  while (Number(value.toPrecision(3)) >= base && power < units.length - 1) [value, power] = [value / base, power + 1];
  return `${power === 0 ? Math.round(value) : Number(value.toPrecision(3))}${units[power]}`;
}
