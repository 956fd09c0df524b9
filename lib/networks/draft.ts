import type { LayerParameter } from '../prototxt';
import { type NetSpec, netSpec, type Top } from '../prototxt/builder/net-spec';
import { inputError } from '../prototxt/input-error';
import type { Architecture } from './architecture';
import { dataLayer, inputLayer } from './data';

/** What a network is written for. */
export type Form = 'training' | 'deployment';

/** What may be chosen about a network, all of it decided. */
export interface Choices {
  readonly classes: number;
  readonly channels: number;
  /** Height and width of the pictures. */
  readonly size: readonly [height: number, width: number];
  /** Pictures in a training batch. */
  readonly batchSize: number;
}

export interface Section {
  readonly title: string;
  readonly layers: LayerParameter[];
}

/** A network being written: the builder's layers, in sections with a title each. The data is there from the beginning. */
export class Draft {
  readonly net: NetSpec = netSpec();
  /** By the number of tops that were there before. */
  private readonly titles = new Map<number, string>();

  constructor(
    readonly form: Form,
    readonly choices: Choices,
    private readonly architecture: Architecture,
  ) {
    this.section('Data');
    if (form === 'training') [this.net.data, this.net.label] = dataLayer('TRAIN', architecture.feed, choices);
    else this.net.data = inputLayer(choices);
  }

  /** The blob of the pictures. */
  get data(): Top {
    return this.top('data');
  }

  /** Whether pictures have the size that the network was published for. */
  get standardSize(): boolean {
    return this.choices.size.every((side) => side === this.architecture.size);
  }

  /** A blob that was written before. */
  top(name: string): Top {
    const top = this.net[name];
    if (top) return top;
    throw inputError('top', 'the name of a blob that was written before', name);
  }

  /** Begins a section: the next layer stands under this title. */
  section(title: string): void {
    this.titles.set(Object.keys(this.net).length, title);
  }

  sections(): Section[] {
    const names = Object.keys(this.net);
    const titles = new Map([...this.titles].map(([count, title]) => [names[count], title]));
    const sections: Section[] = [];
    for (const layer of this.net.toNetParameter().layer ?? []) {
      const first = [layer.top?.[0], layer.name].find((name) => titles.has(name));
      if (first !== undefined) sections.push({ title: titles.get(first) ?? '', layers: [] });
      titles.delete(first); // a layer in place has the same top
      sections.at(-1)?.layers.push(layer);
    }
    if (this.form === 'training') sections[0]?.layers.push(this.validationLayer());
    return sections;
  }

  /** Bears the same names as the one for training, which the builder cannot give twice. */
  private validationLayer(): LayerParameter {
    const net = netSpec();
    [net.data, net.label] = dataLayer('TEST', this.architecture.feed, this.choices);
    return net.toNetParameter().layer?.[0] ?? {};
  }
}
