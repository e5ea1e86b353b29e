import type { Params } from './params.ts';
import type { Element } from './xml.ts';

/** Functions that are served besides the panel's own, for administrators. */
export interface FunctionGroup {
  handles(func: string): boolean;
  run(func: string, params: Params, lang: string): Element | Promise<Element>;
}
