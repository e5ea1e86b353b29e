/** Prints progress to standard error; standard output is for figures only. */
export function print(text: string): void {
  console.error(`bench: ${text}`);
}
