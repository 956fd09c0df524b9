import type { PrototxtMessage } from './message-view';

/** What a field holds: an array for a repeated one, a name for a constant of an enum, a {@link PrototxtMessage} for a message. */
export type FieldValue = string | number | boolean | PrototxtMessage | FieldValue[];

/** The value at a path below a message, by its types in caffe.proto; any {@link FieldValue} where the path is not known to the compiler. */
export type ValueAt<Fields, Path extends string> = string extends Path
  ? FieldValue | undefined
  : Path extends `${infer Step}.${infer Rest}`
    ? FieldOf<Fields, Step> extends { item: infer Item extends object }
      ? ValueAt<Item, Rest>
      : FieldValue | undefined
    : FieldOf<Fields, Path> extends { item: infer Item; repeated: infer Repeated }
      ? Repeated extends true
        ? AsRead<Item>[]
        : AsRead<Item> | undefined
      : FieldValue | undefined;

/** The field of a step: what one value of it is, and whether all of them are meant. */
type FieldOf<Fields, Step extends string> = Step extends `${infer Name}[${string}]`
  ? Name extends keyof Fields
    ? { item: ItemOf<NonNullable<Fields[Name]>>; repeated: false }
    : undefined
  : Step extends keyof Fields
    ? { item: ItemOf<NonNullable<Fields[Step]>>; repeated: NonNullable<Fields[Step]> extends readonly unknown[] ? true : false }
    : undefined;

type ItemOf<Value> = Value extends readonly (infer Item)[] ? Item : Value;
type AsRead<Item> = Item extends object ? PrototxtMessage<Item> : Item;
