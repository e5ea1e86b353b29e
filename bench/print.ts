/** Prints progress to standard error, because standard output is for figures only. */
export function print(text: string): void {
  console.error(`bench: ${text}`);
}
