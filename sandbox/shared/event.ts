import type { Params } from './params.ts';
import type { Identity } from './types.ts';

/** A call in the form in which handlers get it. */
export interface Event {
  readonly func: string;
  readonly params: Params;
  readonly method: string;
  readonly caller: Identity;
  /** Headers of the HTTP request, with names in lower case. Empty for calls by mgrctl. */
  readonly headers: Readonly<Record<string, string>>;
  /** The language of the caller's session; absent: the language of the parameter `lang`, else English. */
  readonly lang?: string;
}
