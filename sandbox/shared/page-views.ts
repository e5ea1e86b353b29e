/** A field of a form. */
export interface Field {
  readonly name: string;
  readonly type: 'text' | 'password' | 'checkbox' | 'select' | 'textarea' | 'hidden';
  /** Choices of a select field, if the document names none. */
  readonly values?: readonly string[];
  readonly maxlength?: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly fallback?: string;
}

export interface FormView {
  readonly kind: 'form';
  /** The function of the list that is shown after the form. */
  readonly back: string;
  readonly fields: readonly Field[];
  /**
   * Fields that depend on the value of the field `field`. When that value changes, the form is redrawn
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
  /** The column whose value identifies a row. */
  readonly key: string;
  /** The column whose text links to the row; absent: there is none. */
  readonly name?: string;
  /** The column that holds the name of the function for a row's settings; absent: rows have no settings. */
  readonly settings?: string;
  readonly columns: readonly string[];
  /** The function of the form for rows; absent: there is no form. */
  readonly edit?: string;
  /** Whether the form can also change existing rows, not only add new ones. */
  readonly editRows?: boolean;
  /**
   * Functions that buttons call for a row. With `when`, only rows that have a cell with this name have the
   * button.
   */
  readonly actions: readonly { readonly func: string; readonly label: string; readonly when?: string }[];
  /** The function that lists what belongs to a row, such as the records of a zone. */
  readonly open?: string;
  /**
   * Whether the list shows what belongs to one row of another list. The parameter `elid` is then the
   * identifier of that row.
   */
  readonly inside?: boolean;
}

export type View = FormView | ListView;
