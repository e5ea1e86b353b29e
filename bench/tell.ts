/** Says how far it is; figures alone go to standard output. */
export function tell(text: string): void {
  console.error(`bench: ${text}`);
}
