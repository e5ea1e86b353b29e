import type { Params } from './params.ts';
import type { Identity } from './types.ts';

/** A call as handlers get to know it. */
export interface Event {
  readonly func: string;
  readonly params: Params;
  readonly method: string;
  readonly caller: Identity;
  /** Of the HTTP request, lower-case names; none for mgrctl. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the caller's session; absent: as the parameter `lang` says, else English. */
  readonly lang?: string;
}
