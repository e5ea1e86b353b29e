/** A field of a form. */
export interface Field {
  readonly name: string;
  readonly type: 'text' | 'password' | 'checkbox' | 'select' | 'textarea' | 'hidden';
  /** Values of a select, when the document does not bring them. */
  readonly values?: readonly string[];
  readonly maxlength?: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly fallback?: string;
}

export interface FormView {
  readonly kind: 'form';
  /** The list to go back to. */
  readonly back: string;
  readonly fields: readonly Field[];
  /**
   * Fields that follow by the value of one of them; a change of it renders the form anew
   * (docs/protocol.md#parameters).
   */
  readonly byType?: {
    readonly field: string;
    readonly fields: Readonly<Record<string, readonly Field[]>>;
    readonly fallback: readonly Field[];
  };
}

export interface ListView {
  readonly kind: 'list';
  /** Column that identifies a row. */
  readonly key: string;
  /** Column that opens a row; absent: none. */
  readonly name?: string;
  /** Column that names the function of a row's settings; absent: rows have none. */
  readonly settings?: string;
  readonly columns: readonly string[];
  /** Function of the form for new and present rows; absent: none. */
  readonly edit?: string;
  /** Whether present rows can be edited as well. */
  readonly editRows?: boolean;
  /** Functions of buttons in each row; with `when`: only in rows that have this cell. */
  readonly actions: readonly { readonly func: string; readonly label: string; readonly when?: string }[];
  /** Function that lists what is in a row. */
  readonly open?: string;
  /** Whether it lists what is in an element of another list, which is its `elid`. */
  readonly inside?: boolean;
}

export type View = FormView | ListView;
