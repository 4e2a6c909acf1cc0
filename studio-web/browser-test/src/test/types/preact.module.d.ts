// The parts of Preact that the pages use.
export interface VNode {}
export type Child = VNode | VNode[] | string | number | boolean | null | undefined | Child[];
export class Component<P = {}, S = {}> {
  constructor(props?: P);
  props: Readonly<P>;
  state: Readonly<S>;
  setState(change: Partial<S>, done?: () => void): void;
  componentDidMount(): void;
  componentDidUpdate(props: Readonly<P>, state: Readonly<S>): void;
  componentWillUnmount(): void;
  render(props: Readonly<P>, state: Readonly<S>): Child;
}
export function h(type: unknown, props: unknown, ...children: unknown[]): VNode;
export function render(node: VNode, place: Element): void;
