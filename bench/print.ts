/** Says how far it is; figures alone go to standard output. */
export function print(text: string): void {
  console.error(`bench: ${text}`);
}
